from datetime import UTC, datetime, timedelta

from farthing.resources.conditions import (
    COMPUTED,
    COMPUTING,
    DATA_COMPLETE,
    READY,
    RECONCILING,
    STALLED,
    Condition,
    ConditionStatus,
    condition_of,
    with_condition,
    without_condition,
)

NINE = datetime(2026, 11, 21, 9, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)


def condition(
    kind: str = READY, status: ConditionStatus = "True", at: datetime = NINE, *, message: str = "as asked"
) -> Condition:
    return Condition(
        type=kind, status=status, reason=COMPUTED, message=message, last_transition_time=at, observed_generation=1
    )


def test_the_transition_time_stays_while_the_status_does() -> None:
    (kept,) = with_condition([condition(at=NINE)], condition(at=TEN, message="again"))
    assert (kept.last_transition_time, kept.message) == (NINE, "again")


def test_the_transition_time_moves_with_the_status() -> None:
    (changed,) = with_condition([condition(at=NINE)], condition(status="False", at=TEN))
    assert (changed.last_transition_time, changed.status) == (TEN, "False")


def test_a_condition_replaces_its_own_type_in_place() -> None:
    before = [condition(READY), condition(DATA_COMPLETE)]
    after = with_condition(before, condition(READY, "Unknown"))
    assert [(one.type, one.status) for one in after] == [(READY, "Unknown"), (DATA_COMPLETE, "True")]


def test_a_new_type_comes_last() -> None:
    assert [one.type for one in with_condition([condition(READY)], condition(STALLED))] == [READY, STALLED]


def test_abnormal_conditions_are_absent_unless_true() -> None:
    before = with_condition([condition(READY)], condition(RECONCILING))
    assert [one.type for one in with_condition(before, condition(RECONCILING, "False"))] == [READY]
    assert with_condition([condition(READY)], condition(STALLED, "Unknown")) == (condition(READY),)


def test_normal_conditions_stay_when_false() -> None:
    assert with_condition([], condition(READY, "False")) == (condition(READY, "False"),)


def test_nothing_that_was_given_is_changed() -> None:
    before = (condition(READY),)
    with_condition(before, condition(READY, "False", TEN))
    assert before == (condition(READY),)


def test_conditions_are_found_and_left_out_by_type() -> None:
    both = (condition(READY), condition(RECONCILING))
    assert condition_of(both, RECONCILING) == condition(RECONCILING)
    assert condition_of(both, STALLED) is None
    assert without_condition(both, RECONCILING) == (condition(READY),)


def test_a_message_longer_than_the_schema_takes_is_cut() -> None:
    cut = condition(message="x" * 2000).message
    assert (len(cut), cut[-2:]) == (1024, "x…")


def test_a_condition_is_written_in_the_fields_of_kubernetes() -> None:
    assert condition().model_dump(mode="json", by_alias=True) == {
        "type": "Ready",
        "status": "True",
        "reason": "ReportComputed",
        "message": "as asked",
        "lastTransitionTime": "2026-11-21T09:00:00Z",
        "observedGeneration": 1,
    }


def test_reasons_are_words_as_kubernetes_wants_them() -> None:
    assert COMPUTING.isalpha()
    assert COMPUTING[0].isupper()
