"""Options that commands share, as the environment gives them."""

import click
import pytest
from click.testing import CliRunner

from farthing.cli.options import address as parsed_address
from farthing.cli.options import common
from farthing.settings import Settings

FOUND: list[Settings] = []


@click.command()
@common
def command(settings: Settings) -> None:
    """Keep what was given."""
    FOUND.append(settings)


def headers_of(*arguments: str, **environment: str) -> dict[str, str]:
    done = CliRunner().invoke(command, arguments, env=environment, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return dict(FOUND.pop().headers)


def test_headers_come_one_a_line_from_the_environment_and_may_hold_spaces() -> None:
    lines = "Authorization=Bearer abc\n\nX-Scope-OrgID=team a=b\n"
    expected = {"Authorization": "Bearer abc", "X-Scope-OrgID": "team a=b"}
    assert headers_of(FARTHING_HEADERS=lines) == expected
    assert headers_of(FARTHING_HEADERS="Authorization=Bearer abc") == {"Authorization": "Bearer abc"}


def test_headers_of_the_command_line_come_before_those_of_the_environment() -> None:
    given = ("--header", "Authorization=Bearer abc", "--header", "X-Scope-OrgID=team")
    expected = {"Authorization": "Bearer abc", "X-Scope-OrgID": "team"}
    assert headers_of(*given, FARTHING_HEADERS="X-Other=1") == expected


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":8080", ("", 8080)),
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("localhost:0", ("localhost", 0)),
        ("[::]:8080", ("::", 8080)),
        ("[fe80::1%eth0]:65535", ("fe80::1%eth0", 65_535)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: tuple[str, int]) -> None:
    assert parsed_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "8080", "::", ":::8080", "2001:db8::1", "[::]", "[]:8080", "host:", ":65536", ":²"]
)
def test_an_address_that_leaves_a_doubt_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(
        click.BadParameter, match=r"is not HOST:PORT: allowed are :8080 for every address, .*\[::1\]:8080"
    ):
        parsed_address(text)
