"""What of a stored day gives way to facts that were made anew of some of its hours."""

from collections.abc import Sequence
from pathlib import Path

from farthing.model.coverage import OPTIONAL, Coverage
from farthing.model.workload import KINDS, MOST_KEYS, MOST_TEXT
from farthing.store.engine import parquet, text
from farthing.store.manifest import Manifest

SAID = "namespace, pod, uid, kind"
"""Whose each of the rows ``workload`` is, and what it tells of it."""


def told_anew(stored: Manifest | None, seen: Sequence[Coverage], newest: int) -> list[str]:
    """The kinds of ``tables.WORKLOAD`` of which what ``seen`` tells counts more than what is stored of the same day.

    None where hours later than ``newest`` [unix s] are stored. Where a metric fell silent during the day, what comes from
    elsewhere in its place counts less.
    """
    before = stored.coverage if stored else ()
    if any(one.start > newest for one in before):
        return []
    fell_silent = {
        kind
        for kind, metric in (("label", OPTIONAL["pod_labels"]), ("annotation", OPTIONAL["pod_annotations"]))
        if all(metric in one.absent for one in seen) and not all(metric in one.absent for one in before)
    }
    return [kind for kind in KINDS if kind not in fell_silent]


def merge(stored: Manifest | None, seen: Sequence[Coverage]) -> tuple[list[Coverage], list[int]]:
    """The coverage of the day's hours after ``seen``, and the starts of those hours that are to be replaced."""
    before = {one.start: one for one in stored.coverage} if stored else {}
    new = [one for one in seen if one.start not in before or one.as_good_as(before[one.start])]
    if stored is not None and not stored.has_hours:
        # Once its hours are forgotten, a day can only be replaced whole.
        if not set(before) <= {one.start for one in new}:
            return list(stored.coverage), []
        before = {}
    merged = {**before, **{one.start: one for one in new}}
    return [merged[start] for start in sorted(merged)], [one.start for one in new]


def names_sql(start: int, stored: Path | None, says: Sequence[str]) -> str:
    """SQL of what is said of pods on the day that begins at ``start`` [unix s], of which a file may be ``stored``.

    Of what is said in ``workload`` and was said before under the same key, the former counts for the kinds ``says``.
    """
    new = f'select * replace ({start:d}::bigint as "start") from workload'  # noqa: S608 - a number only
    if stored is None:
        return new
    anew = f"kind in ({', '.join(map(text, says)) or 'null'})"
    # Else what is said under ever new keys would add up. A pod says its own and its namespace's.
    few = (
        f"window shortest as (partition by {SAID} order by length(value), key rows unbounded preceding) "
        f"qualify row_number() over shortest <= {2 * MOST_KEYS:d} and sum(length(value)) over shortest <= {2 * MOST_TEXT:d}"
    )
    return f"""
        with new as ({new}), old as (select * from {parquet([stored])}), told as (select * from new where {anew})
        select * from told
        union all by name
        (select old.* from old anti join told using ({SAID}, key) {few})
        union all by name
        select * from (select * from new where not coalesce({anew}, false)) n anti join old using ({SAID}, key)
    """  # noqa: S608 - names of our own, numbers and a quoted path
