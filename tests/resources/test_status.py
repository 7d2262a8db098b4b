import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from farthing.resources.status import (
    AssetTopRow,
    CostReportStatus,
    CoverageDetail,
    KeptConfigMap,
    ResolvedWindow,
    Run,
    status_object,
    with_run,
)
from farthing.resources.text import money_text, percent_text, ratio_text, residual_text

NINE = datetime(2026, 11, 21, 9, tzinfo=UTC)


def run(hour: int) -> Run:
    return Run(time=NINE.replace(hour=hour), result="Complete", total_cost="1.0000", rows=3)


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0.0, "0.0000"), (-0.00001, "0.0000"), (12.34, "12.3400"), (1234567.891, "1234567.8910"), (-3.5, "-3.5000")],
)
def test_money_has_four_places_and_no_negative_zero(amount: float, text: str) -> None:
    assert money_text(amount) == text


@pytest.mark.parametrize("write", [money_text, ratio_text, residual_text])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_never_published(write: object, value: float) -> None:
    assert callable(write)
    with pytest.raises(ValueError, match="is not a number that can be published"):
        write(value)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1.0, "100%"),
        (0.0, "0%"),
        (0.5, "50%"),
        (0.999, "99.9%"),
        (0.9999999999999, "99.9%"),
        (0.57, "57%"),
        (0.0009, "0%"),
    ],
)
def test_only_a_whole_is_a_hundred_percent(share: float, text: str) -> None:
    assert percent_text(share) == text


@given(st.floats(0, 1))
def test_a_percentage_never_says_more_than_was_seen(share: float) -> None:
    assert float(percent_text(share).rstrip("%")) <= share * 100 + 1e-6


@pytest.mark.parametrize("share", [-0.1, 1.01, math.nan])
def test_a_share_lies_from_nothing_to_the_whole(share: float) -> None:
    with pytest.raises(ValueError, match="a share lies from 0 to 1"):
        percent_text(share)


@pytest.mark.parametrize(("residual", "text"), [(0.0, "0"), (1.234e-13, "1.2e-13"), (0.5, "5.0e-01")])
def test_a_residual_is_short(residual: float, text: str) -> None:
    assert residual_text(residual) == text


def test_instants_are_written_in_whole_seconds_of_utc() -> None:
    local = datetime(2026, 11, 21, 14, 30, 7, 999_999, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    window = ResolvedWindow(start=local, end=NINE + timedelta(hours=1))
    assert window.model_dump(mode="json") == {"start": "2026-11-21T09:00:07Z", "end": "2026-11-21T10:00:00Z"}


def test_an_instant_without_a_timezone_is_refused() -> None:
    with pytest.raises(ValidationError):
        ResolvedWindow(start=NINE.replace(tzinfo=None), end=NINE)


def test_a_status_is_read_as_it_was_written() -> None:
    status = CostReportStatus(observed_generation=2, last_run_time=NINE, history=(run(9),), coverage="100%")
    assert CostReportStatus.model_validate(status_object(status)) == status


def test_what_is_not_known_is_absent() -> None:
    assert status_object(CostReportStatus(rows=3, conditions=())) == {
        "rows": 3,
        "conditions": [],
        "top": [],
        "configMaps": [],
        "history": [],
    }


def test_the_newest_run_comes_first_and_the_oldest_goes() -> None:
    assert with_run((run(8), run(7)), run(9), keep=2) == (run(9), run(8))
    assert with_run((run(8),), run(9), keep=0) == ()


def test_names_from_metrics_are_cut_rather_than_refused() -> None:
    row = AssetTopRow(name="n" * 600, total_cost="1.0000", cpu_cost="1.0000", ram_cost="0.0000", gpu_cost="0.0000")
    assert len(row.name) == 512


def test_no_more_than_twenty_missing_metrics_are_listed() -> None:
    names = tuple(f"metric_{number}" for number in range(30))
    detail = CoverageDetail(share="0.5000", hours_expected=2, hours_seen=1, missing_metrics=names)
    assert detail.missing_metrics == names[:20]


def test_a_status_at_its_fullest_fits_well_into_an_object() -> None:
    config_map = KeptConfigMap(name="n" * 253, keys=("rows.json", "rows.csv"), rows=10**6, bytes=10**6, sha256="f" * 64)
    full = CostReportStatus(config_maps=(config_map,) * 128, history=(run(9),) * 50)
    assert len(CostReportStatus.model_dump_json(full)) < 80_000
