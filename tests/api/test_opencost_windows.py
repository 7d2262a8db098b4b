"""OpenCost's windows, as its own core/window.go has them: worked out by hand for Wednesday 2026-11-18, 13:37 UTC."""

from datetime import UTC, datetime

import pytest

from farthing.api.opencost_windows import opencost_window
from farthing.errors import InvalidWindowError

NOW = datetime(2026, 11, 18, 13, 37, tzinfo=UTC)


def at(day: int, hour: int = 0, minute: int = 0) -> int:
    return int(datetime(2026, 11, day, hour, minute, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("7d", at(12), at(19)),
        ("1d", at(18), at(19)),
        ("1w", at(12), at(19)),
        ("24h", at(17, 14), at(18, 14)),
        ("1h", at(18, 13), at(18, 14)),
        ("15m", at(18, 13, 23), at(18, 13, 38)),
        ("week", at(15), at(18, 13, 37)),
        ("month", at(1), at(18, 13, 37)),
        ("2d offset 1d", at(15, 13, 37), at(17, 13, 37)),
        ("6h offset 30m", at(18, 7, 7), at(18, 13, 7)),
    ],
)
def test_a_length_ends_where_its_unit_does_next(text: str, start: int, end: int) -> None:
    assert opencost_window(text, NOW, UTC) == f"{start},{end}"


@pytest.mark.parametrize("text", ["today", "yesterday", "lastweek", "lastmonth", "1,2", "nonsense", ""])
def test_what_both_mean_alike_stays(text: str) -> None:
    assert opencost_window(text, NOW, UTC) == text


def test_an_offset_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InvalidWindowError):
        opencost_window("1d offset x", NOW, UTC)


@pytest.mark.parametrize("text", ["999999d", "999999w", "740000d", "999999h"])
def test_a_length_out_of_all_bounds_is_refused(text: str) -> None:
    with pytest.raises(InvalidWindowError, match=text):
        opencost_window(text, NOW, UTC)
