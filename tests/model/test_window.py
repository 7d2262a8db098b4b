from datetime import UTC, datetime, timedelta, timezone

import pytest

from farthing.errors import InvalidWindowError
from farthing.model.window import Duration, Window, day_of, days, hours_of_day, parse_window, preceding, rfc3339
from farthing.model.zone import parse_timezone

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
"""A Saturday."""


def window(start: str, end: str) -> Window:
    return Window(datetime.fromisoformat(start).astimezone(UTC), datetime.fromisoformat(end).astimezone(UTC))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(NOON, NOON, id="empty"),
        pytest.param(NOON, NOON - timedelta(seconds=1), id="reversed"),
        pytest.param(NOON.replace(tzinfo=None), NOON, id="naive-start"),
        pytest.param(NOON, datetime(2026, 11, 22), id="naive-end"),  # noqa: DTZ001 - what is refused
        pytest.param(NOON, NOON + timedelta(seconds=1.5), id="half-a-second"),
    ],
)
def test_a_window_is_never_naive_reversed_empty_or_broken_within_a_second(start: datetime, end: datetime) -> None:
    with pytest.raises(InvalidWindowError, match=r"must be|does not end after"):
        Window(start, end)


def test_a_window_is_kept_and_written_in_utc() -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    noon_to_noon = Window(datetime(2026, 11, 20, 17, 30, tzinfo=india), datetime(2026, 11, 21, 17, 30, tzinfo=india))
    assert noon_to_noon == Window(NOON - timedelta(days=1), NOON)
    assert noon_to_noon.start.tzinfo is UTC
    assert str(noon_to_noon) == "2026-11-20T12:00:00Z,2026-11-21T12:00:00Z"
    assert noon_to_noon.seconds == 86400
    assert rfc3339(datetime(2026, 11, 21, 0, 0, tzinfo=india)) == "2026-11-20T18:30:00Z"


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        # Exact: minutes, hours and pairs.
        ("15m", "2026-11-21T11:45Z", "2026-11-21T12:00Z"),
        ("24h", "2026-11-20T12:00Z", "2026-11-21T12:00Z"),
        ("  48h ", "2026-11-19T12:00Z", "2026-11-21T12:00Z"),
        # Whole days touched: at noon one more than the number.
        ("1d", "2026-11-20T00:00Z", "2026-11-22T00:00Z"),
        ("3d", "2026-11-18T00:00Z", "2026-11-22T00:00Z"),
        ("1w", "2026-11-14T00:00Z", "2026-11-22T00:00Z"),
        # Words; weeks start on Sunday 15 November.
        ("today", "2026-11-21T00:00Z", "2026-11-22T00:00Z"),
        ("yesterday", "2026-11-20T00:00Z", "2026-11-21T00:00Z"),
        ("week", "2026-11-15T00:00Z", "2026-11-22T00:00Z"),
        ("lastweek", "2026-11-08T00:00Z", "2026-11-15T00:00Z"),
        ("month", "2026-11-01T00:00Z", "2026-11-22T00:00Z"),
        ("lastmonth", "2026-10-01T00:00Z", "2026-11-01T00:00Z"),
        # Offsets: [now - M - N, now - M), whole days where N is in days.
        ("90m offset 1d", "2026-11-20T10:30Z", "2026-11-20T12:00Z"),
        ("24h offset 30m", "2026-11-20T11:30Z", "2026-11-21T11:30Z"),
        ("1h offset 1w", "2026-11-14T11:00Z", "2026-11-14T12:00Z"),
        ("7d  offset  48h", "2026-11-12T00:00Z", "2026-11-20T00:00Z"),
        ("1d offset 5d", "2026-11-15T00:00Z", "2026-11-17T00:00Z"),
        ("2d offset 12h", "2026-11-19T00:00Z", "2026-11-21T00:00Z"),
        # Pairs: the first is the seeds' own, 14 and 15 April 2020.
        ("1586822400,1586908800", "2020-04-14T00:00Z", "2020-04-15T00:00Z"),
        (" 1586822400 , 1586908801 ", "2020-04-14T00:00Z", "2020-04-15T00:00:01Z"),
        ("2020-04-01T00:00:00Z,2020-04-03T00:00:00Z", "2020-04-01T00:00Z", "2020-04-03T00:00Z"),
        ("2020-04-01t00:00:00+05:30, 2020-04-01T00:00:00z", "2020-03-31T18:30Z", "2020-04-01T00:00Z"),
        ("2020-04-01T00:00:00.000Z,2020-04-01T23:59:59.999Z", "2020-04-01T00:00Z", "2020-04-02T00:00Z"),
        ("2020-04-01T00:00:00.75Z,2020-04-01T01:00:00.000000001Z", "2020-04-01T00:00Z", "2020-04-01T01:00:01Z"),
    ],
)
def test_the_grammar_at_noon_in_utc(text: str, start: str, end: str) -> None:
    assert parse_window(text, NOON, UTC) == window(start, end)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("7d", "2026-11-14T00:00Z", "2026-11-21T00:00Z"),
        ("1d", "2026-11-20T00:00Z", "2026-11-21T00:00Z"),
        ("7d offset 2d", "2026-11-12T00:00Z", "2026-11-19T00:00Z"),
        ("1d offset 24h", "2026-11-19T00:00Z", "2026-11-20T00:00Z"),
        ("1d offset 1h", "2026-11-19T00:00Z", "2026-11-21T00:00Z"),
        ("today", "2026-11-21T00:00Z", "2026-11-22T00:00Z"),
        ("month", "2026-11-01T00:00Z", "2026-11-22T00:00Z"),
    ],
)
def test_at_midnight_a_window_in_days_is_exactly_so_many_and_today_is_the_day_that_starts(
    text: str, start: str, end: str
) -> None:
    assert parse_window(text, datetime(2026, 11, 21, tzinfo=UTC), UTC) == window(start, end)


@pytest.mark.parametrize(
    ("text", "zone", "now", "start", "end"),
    [
        # 7 days ending at midnight on 9 March hold New York's 23-hour Sunday: 167 hours, still seven days.
        ("7d", "America/New_York", "2026-03-09T04:00Z", "2026-03-02T05:00Z", "2026-03-09T04:00Z"),
        ("7d offset 1d", "America/New_York", "2026-03-09T04:00Z", "2026-03-01T05:00Z", "2026-03-08T05:00Z"),
        # Exact windows do not care: an hour is an hour while the clock shows 01:30 for the second time.
        ("1h", "America/New_York", "2026-11-01T06:30Z", "2026-11-01T05:30Z", "2026-11-01T06:30Z"),
        ("1h offset 1d", "America/New_York", "2026-11-02T05:00Z", "2026-11-01T04:00Z", "2026-11-01T05:00Z"),
        # 20:00 UTC on the 20th is 01:30 on the 21st in India.
        ("today", "+05:30", "2026-11-20T20:00Z", "2026-11-20T18:30Z", "2026-11-21T18:30Z"),
        ("month", "Asia/Kolkata", "2026-11-20T20:00Z", "2026-10-31T18:30Z", "2026-11-21T18:30Z"),
        ("lastmonth", "Europe/Berlin", "2026-11-21T12:00Z", "2026-09-30T22:00Z", "2026-10-31T23:00Z"),
        ("lastmonth", "UTC", "2026-01-15T12:00Z", "2025-12-01T00:00Z", "2026-01-01T00:00Z"),
        # Samoa skipped 30 December 2011, so on the 31st the day before was the 29th.
        ("yesterday", "Pacific/Apia", "2011-12-30T22:00Z", "2011-12-29T10:00Z", "2011-12-30T10:00Z"),
        ("1d", "Pacific/Apia", "2011-12-30T10:00Z", "2011-12-29T10:00Z", "2011-12-30T10:00Z"),
    ],
)
def test_days_are_the_days_of_the_timezone(text: str, zone: str, now: str, start: str, end: str) -> None:
    assert parse_window(text, datetime.fromisoformat(now), parse_timezone(zone)) == window(start, end)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "cannot be read", id="empty"),
        pytest.param("0d", "length of 0", id="zero"),
        pytest.param("7d offset 0h", "length of 0", id="zero-offset"),
        pytest.param("1h30m", "one number and one unit", id="two-units"),
        pytest.param("1.5h", "cannot be read", id="fraction"),
        pytest.param("-1d", "cannot be read", id="negative"),
        pytest.param("30s", "cannot be read", id="seconds"),
        pytest.param("٣d", "cannot be read", id="digits-that-are-not-ascii"),
        pytest.param("7d\0", "cannot be read", id="nul"),
        pytest.param("tomorrow", "cannot be read", id="unknown-word"),
        pytest.param("today offset 1d", "cannot be read", id="word-with-offset"),
        pytest.param("7d offset", "cannot be read", id="offset-of-nothing"),
        pytest.param("7d offset 1d offset 1d", "more than one offset", id="two-offsets"),
        pytest.param("3654d", "longer than 10 years: the most is 3653d", id="ten-years-and-a-day"),
        pytest.param("1d offset 87673h", "longer than 10 years", id="offset-over-ten-years"),
        pytest.param("9" * 90 + "w", "longer than 10 years", id="overflow"),
        pytest.param("9" * 5000 + "w", "longer than 100 characters", id="endless"),
        pytest.param("1586908800,1586822400", "write the earlier instant first", id="reversed-pair"),
        pytest.param("1586822400,1586822400", "does not end after it starts", id="empty-pair"),
        pytest.param("0,1586822400", "longer than 10 years", id="since-the-epoch"),
        pytest.param("-5,1586822400", "must be 0 or more", id="before-the-epoch"),
        pytest.param("-0,86400", "must be 0 or more", id="minus-nothing"),
        pytest.param("1586822400000,1586908800000", "milliseconds: write unix seconds, such as 1586822400", id="ms"),
        pytest.param("1586822400," + "9" * 60, "looks like milliseconds", id="unix-overflow"),
        pytest.param(
            "1969-12-31T00:00:00Z,1970-01-02T00:00:00Z",
            "must lie from 1970-01-01T00:00:00Z to 2200-01-01T00:00:00Z",
            id="too-early",
        ),
        pytest.param("7258118400,7258118401", "must lie from", id="too-late"),
        pytest.param("1000000000,1400000000", "longer than 10 years: the most is 3653 days", id="long-pair"),
        pytest.param("1586822400", "cannot be read", id="single-instant"),
        pytest.param("1586822400,", "RFC3339 instant such as", id="half-a-pair"),
        pytest.param("1,2,3", "3 parts, where a pair has two", id="three-parts"),
        pytest.param("1586822400,2020-04-15T00:00:00Z", "has '1586822400' where", id="mixed-pair"),
        pytest.param("2020-04-01T00:00:00,2020-04-02T00:00:00", "RFC3339 instant", id="no-offset"),
        pytest.param("2020-04-01,2020-04-02", "RFC3339 instant", id="dates"),
        pytest.param("2020-02-30T00:00:00Z,2020-03-01T00:00:00Z", "has '2020-02-30T00:00:00Z' where", id="no-such-day"),
        pytest.param("2020-04-01T24:00:00Z,2020-04-03T00:00:00Z", "RFC3339 instant", id="no-such-hour"),
        pytest.param("2020-04-01T00:00:00 05:30,2020-04-03T00:00:00Z", "%2B", id="plus-lost-in-a-url"),
        pytest.param("0001-01-01T00:00:00+14:00,2020-04-03T00:00:00Z", "RFC3339 instant", id="before-year-one"),
        pytest.param("2020-04-01T00:00:00Z,9999-12-31T23:59:59.9Z", "RFC3339 instant", id="after-year-9999"),
    ],
)
def test_what_is_no_window_is_refused_with_the_text_and_the_reason(text: str, said: str) -> None:
    with pytest.raises(InvalidWindowError) as refusal:
        parse_window(text, NOON, UTC)
    message = str(refusal.value)
    assert message.startswith(f"window {repr(text)[:60]}")
    assert said in message


@pytest.mark.parametrize("length", [{"days": 1, "seconds": 1}, {}, {"days": -1}])
def test_a_duration_is_days_or_seconds_and_never_both(length: dict[str, int]) -> None:
    with pytest.raises(InvalidWindowError, match="either days or seconds"):
        Duration(**length)


@pytest.mark.parametrize(
    ("zone", "noon", "hours"),
    [
        ("America/New_York", "2026-03-08T12:00-04:00", 23),
        ("America/New_York", "2026-11-01T12:00-05:00", 25),
        ("Europe/Berlin", "2026-03-29T12:00+02:00", 23),
        ("Europe/Berlin", "2026-10-25T12:00+01:00", 25),
        ("Asia/Kolkata", "2026-10-25T12:00+05:30", 24),
        # Lord Howe's clock moves by half an hour: 5 April 2026 has 24.5 hours, 4 October 23.5.
        ("Australia/Lord_Howe", "2026-04-05T12:00+10:30", 24.5),
        ("Australia/Lord_Howe", "2026-10-04T12:00+11:00", 23.5),
        # The hour of the spring change is missing at midnight itself.
        ("America/Santiago", "2026-09-06T12:00-03:00", 23),
        ("Asia/Beirut", "2024-03-31T12:00+03:00", 23),
    ],
)
def test_a_day_is_as_long_as_its_clock_makes_it(zone: str, noon: str, hours: float) -> None:
    day = day_of(datetime.fromisoformat(noon), parse_timezone(zone))
    assert day.seconds == hours * 3600
    cut = hours_of_day(day)
    assert [hour.seconds for hour in cut] == [3600] * int(hours) + [1800] * (hours % 1 > 0)
    assert (cut[0].start, cut[-1].end) == (day.start, day.end)


def test_the_days_of_a_window_are_whole_and_a_skipped_day_is_none() -> None:
    around = window("2011-12-29T00:00-10:00", "2012-01-01T06:00+14:00")
    assert days(around, parse_timezone("Pacific/Apia")) == [
        window("2011-12-29T00:00-10:00", "2011-12-31T00:00+14:00"),
        window("2011-12-31T00:00+14:00", "2012-01-01T00:00+14:00"),
        window("2012-01-01T00:00+14:00", "2012-01-02T00:00+14:00"),
    ]


@pytest.mark.parametrize(
    ("start", "end", "earlier"),
    [
        pytest.param("2026-11-20T00:00+01:00", "2026-11-22T00:00+01:00", "2026-11-18T00:00+01:00", id="days"),
        # The clock goes back on 25 October: 25 hours follow 24, and 24 follow 25.
        pytest.param("2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", "2026-10-24T00:00+02:00", id="a-long-day"),
        pytest.param("2026-10-26T00:00+01:00", "2026-10-27T00:00+01:00", "2026-10-25T00:00+02:00", id="after-one"),
        pytest.param("2026-11-20T09:15+01:00", "2026-11-20T15:00+01:00", "2026-11-20T03:30+01:00", id="hours"),
        pytest.param("2026-11-20T00:00+01:00", "2026-11-20T06:00+01:00", "2026-11-19T18:00+01:00", id="since-midnight"),
    ],
)
def test_the_window_before_is_as_long_in_days_or_else_in_seconds(start: str, end: str, earlier: str) -> None:
    berlin = parse_timezone("Europe/Berlin")
    assert preceding(window(start, end), berlin) == window(earlier, start)
