"""What is printed on a terminal, whatever others named their things."""

import pytest

from farthing.cli.show import print_columns


def test_names_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_columns(["NAME", "COST"], [["red\x1b[31m\nroot", "1.0"], ["grün 雲", "2.0"]], numbers_from=1)
    header, first, second = capsys.readouterr().out.splitlines()
    assert header.split() == ["NAME", "COST"]
    assert first == "red\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}root    1.0"
    assert second.split() == ["grün", "雲", "2.0"]
