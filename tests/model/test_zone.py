from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.errors import InvalidTimezoneError
from farthing.model.zone import date_of, midnight, parse_timezone, sunday_of


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("UTC", timedelta(0)),
        ("Z", timedelta(0)),
        ("+00:00", timedelta(0)),
        ("+05:30", timedelta(hours=5, minutes=30)),
        ("-03:30", -timedelta(hours=3, minutes=30)),
        ("+14:00", timedelta(hours=14)),
        ("-14:00", -timedelta(hours=14)),
        (" Asia/Kolkata ", timedelta(hours=5, minutes=30)),
        ("America/Argentina/Buenos_Aires", -timedelta(hours=3)),
        ("Etc/GMT+5", -timedelta(hours=5)),
    ],
)
def test_a_timezone_is_utc_an_iana_name_or_an_offset(text: str, offset: timedelta) -> None:
    assert datetime(2026, 7, 1, tzinfo=parse_timezone(text)).utcoffset() == offset


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("Mars/Olympus_Mons", id="no-such-zone"),
        pytest.param("../etc/passwd", id="path-upwards"),
        pytest.param("/etc/passwd", id="absolute-path"),
        pytest.param("Europe/../../etc/passwd", id="path-upwards-inside"),
        pytest.param("Europe/Berlin\0", id="nul"),
        pytest.param("Europe/Berlin\nEurope/Paris", id="two-lines"),
        pytest.param("A" * 100_000, id="very-long"),
        pytest.param("\ud800", id="lone-surrogate"),
        pytest.param("America", id="folder"),
        pytest.param("tzdata.zi", id="file-that-is-no-zone"),
        pytest.param("leapseconds", id="file-that-is-no-zone-either"),
        pytest.param("right/UTC", id="counts-leap-seconds"),
        pytest.param("localtime", id="differs-by-machine"),
        pytest.param("+14:01", id="offset-too-large"),
        pytest.param("-15:00", id="offset-too-small"),
        pytest.param("+05:60", id="sixty-minutes"),
        pytest.param("+0530", id="offset-without-colon"),
        pytest.param("+\u0660\u0665:\u0663\u0660", id="digits-that-are-not-ascii"),
    ],
)
def test_what_is_no_timezone_is_refused_with_the_value_and_what_is_allowed(text: str) -> None:
    with pytest.raises(InvalidTimezoneError) as refusal:
        parse_timezone(text)
    message = str(refusal.value)
    assert repr(text)[:20] in message
    assert "Europe/Berlin" in message
    assert "+05:30" in message
    assert len(message) < 400


@given(st.text() | st.text(alphabet="AaBbzZ/+-_.:0159\0 ", max_size=40))
def test_no_text_raises_anything_but_invalid_timezone(text: str) -> None:
    try:
        zone = parse_timezone(text)
    except InvalidTimezoneError:
        return
    assert datetime(2026, 1, 1, tzinfo=zone).utcoffset() is not None


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        pytest.param("America/New_York", date(2026, 3, 8), "2026-03-08T05:00+00:00", id="before-the-clock-changes"),
        pytest.param("America/New_York", date(2026, 3, 9), "2026-03-09T04:00+00:00", id="after-the-clock-changed"),
        # Chile goes from -04:00 to -03:00 at 24:00 on 5 September 2026: 6 September starts at 01:00, 04:00 UTC.
        pytest.param("America/Santiago", date(2026, 9, 6), "2026-09-06T04:00+00:00", id="no-midnight-santiago"),
        # Lebanon went from +02:00 to +03:00 at 00:00 on 31 March 2024: that day started at 01:00, 22:00 UTC before.
        pytest.param("Asia/Beirut", date(2024, 3, 31), "2024-03-30T22:00+00:00", id="no-midnight-beirut"),
        # Cuba goes from -04:00 to -05:00 at 01:00 on 1 November 2026: 00:00 comes twice, first at 04:00 UTC.
        pytest.param("America/Havana", date(2026, 11, 1), "2026-11-01T04:00+00:00", id="two-midnights-havana"),
        # Samoa had no 30 December 2011: -10:00 until 29 December 24:00, then 31 December 00:00 at +14:00.
        pytest.param("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00+00:00", id="no-such-day-apia"),
        pytest.param("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00+00:00", id="day-after-the-skipped-apia"),
    ],
)
def test_a_day_starts_at_the_first_moment_its_clock_shows(zone: str, day: date, start: str) -> None:
    assert midnight(day, parse_timezone(zone)) == datetime.fromisoformat(start)


def test_a_clock_set_back_over_midnight_does_not_bring_the_day_before_back() -> None:
    zone = parse_timezone("America/St_Johns")
    # Newfoundland (-02:30) went back an hour at 00:01 on 29 October 2006, which is 02:31 UTC; at 02:40 its clock
    # showed 23:10 on the 28th, though the 29th had started at 02:30.
    late_evening_again = datetime(2006, 10, 29, 2, 40, tzinfo=UTC)
    assert late_evening_again.astimezone(zone).date() == date(2006, 10, 28)
    assert date_of(late_evening_again, zone) == date(2006, 10, 29)


def test_a_clock_set_forward_over_midnight_does_not_begin_the_day_early() -> None:
    zone = parse_timezone("America/Toronto")
    # Toronto (-05:00) went from 23:30 to 00:30 on 30 March 1919, which is 04:30 UTC; midnight would have come at 05:00.
    quarter_to_one = datetime(1919, 3, 31, 4, 45, tzinfo=UTC)
    assert quarter_to_one.astimezone(zone).date() == date(1919, 3, 31)
    assert midnight(date(1919, 3, 31), zone) == datetime(1919, 3, 31, 5, tzinfo=UTC)
    assert date_of(quarter_to_one, zone) == date(1919, 3, 30)


@pytest.mark.parametrize(
    ("day", "sunday"),
    [
        (date(2026, 11, 15), date(2026, 11, 15)),
        (date(2026, 11, 16), date(2026, 11, 15)),
        (date(2026, 11, 21), date(2026, 11, 15)),
        (date(2026, 11, 22), date(2026, 11, 22)),
    ],
)
def test_weeks_start_on_sunday(day: date, sunday: date) -> None:
    assert sunday_of(day) == sunday
