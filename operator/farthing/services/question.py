"""From a report's spec to a question of the model, within what the report may see."""

from datetime import UTC, datetime, tzinfo
from typing import Final

from farthing.errors import InvalidWindowError
from farthing.model.filter_parser import parse_filter
from farthing.model.filters import ASSET_FIELDS, parse_label
from farthing.model.question import LABELS_OF_ALIASES, Aliases, Question, Shape, Sharing
from farthing.model.steps import group_by_calendar, parse_step, split
from farthing.model.window import SECONDS_PER_DAY, Window, parse_window
from farthing.model.zone import parse_timezone
from farthing.resources.cost_report import CostReport
from farthing.resources.parsing import Report
from farthing.services.scope import Scope

MOST_DAYS: Final = 3_660
"""Of a window: as many as a store may keep."""


def question_of(
    report: Report,
    now: float,
    zone: tzinfo,
    scope: Scope,
    aliases: Aliases = LABELS_OF_ALIASES,
) -> Question:
    """The question that ``report`` asks at ``now`` [unix s], to the minute; ``zone`` is used where it names none.

    ``aliases`` are the labels that team, owner and the like stand for.

    Raises InvalidInputError, ScopeDeniedError.
    """
    spec = report.spec
    namespaces = scope.limit(report)
    if spec.timezone:
        zone = parse_timezone(spec.timezone)
    minute = datetime.fromtimestamp(now, UTC).replace(second=0, microsecond=0)
    window = parse_window(spec.window, minute, zone)
    if window.seconds > MOST_DAYS * SECONDS_PER_DAY:
        raise InvalidWindowError(f"window {window} is longer than {MOST_DAYS} days, which nothing is kept for")
    if isinstance(report, CostReport):
        shape = Shape(
            "allocation",
            tuple(report.spec.aggregate),
            idle=not namespaces if report.spec.idle is None else report.spec.idle,
            split_idle=report.spec.split_idle,
            idle_by_node=report.spec.idle_by_node,
            sort_by=report.spec.sort_by,
            ascending=not report.spec.descending,
            namespaces=namespaces,
            sharing=_sharing(report, cluster=not namespaces),
            kept=parse_filter(report.spec.filter),
            aliases=aliases,
            reconcile=report.spec.reconcile,
            external=report.spec.external,
        )
    else:
        shape = Shape(
            "asset",
            tuple(report.spec.aggregate),
            idle=False,
            sort_by=report.spec.sort_by,
            ascending=not report.spec.descending,
            namespaces=namespaces,
            kept=parse_filter(report.spec.filter, ASSET_FIELDS),
            aliases=aliases,
            reconcile=not report.spec.disable_adjustments,
        )
    cost_metric = report.spec.cost_metric if isinstance(report, CostReport) else "cumulative"
    return Question(shape, window, cut(window, spec.step, spec.accumulate, zone), spec.limit, cost_metric)


def _sharing(report: CostReport, *, cluster: bool) -> Sharing:
    spec = report.spec
    return Sharing(
        idle=spec.share_idle,
        namespaces=spec.share_namespaces,
        labels=tuple(parse_label(one) for one in spec.share_labels),
        monthly_cost=spec.share_cost,
        overhead=cluster if spec.share_tenancy_costs is None else spec.share_tenancy_costs,
        even=spec.share_split == "even",
    )


def cut(window: Window, step: str, accumulate: str, zone: tzinfo) -> tuple[tuple[Window, ...], ...]:
    """The sets of ``window``: cut by ``step`` and joined by ``accumulate``. Raises InvalidWindowError."""
    sets = split(window, parse_step(step), zone)
    return tuple(tuple(sets[index] for index in group) for group in group_by_calendar(sets, accumulate, zone))
