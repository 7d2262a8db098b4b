"""From a report's spec to a question of the model, within what the report may see."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from farthing.errors import ScopeDeniedError
from farthing.model.question import Question, Shape
from farthing.model.steps import group_by_calendar, parse_step, split
from farthing.model.window import Window, parse_window
from farthing.model.zone import parse_timezone
from farthing.resources.asset_report import AssetReport
from farthing.resources.cost_report import CostReport
from farthing.resources.parsing import Report

HIDDEN_FROM_TENANTS = ("cluster", "node")
"""Properties that tell a tenant of more than its namespace."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which reports see the whole cluster: those in ``namespaces``. Any other sees its own namespace."""

    namespaces: frozenset[str]
    everywhere: bool = False
    """Whether every report does: for questions asked by who runs the process."""

    def limit(self, report: Report) -> str:
        """The namespace ``report`` is limited to, empty for none. Raises ScopeDeniedError if it asks for more."""
        namespace = report.metadata.namespace
        if self.everywhere or namespace in self.namespaces:
            return ""
        where = f"a report in namespace {namespace!r} sees only that namespace's own costs"
        how = "ask the cluster's administrators, or let them name the namespace in FARTHING_CLUSTER_SCOPE_NAMESPACES"
        if isinstance(report, AssetReport):
            raise ScopeDeniedError(f"{where}, and nodes belong to the cluster: {how}")
        hidden = [one for one in report.spec.aggregate if one in HIDDEN_FROM_TENANTS]
        if hidden:
            raise ScopeDeniedError(
                f"aggregate {hidden[0]!r} would tell of the cluster, and {where}: leave it out, or {how}"
            )
        idle = {"idle": report.spec.idle, "splitIdle": report.spec.split_idle, "idleByNode": report.spec.idle_by_node}
        for field, asked in idle.items():
            if asked:
                raise ScopeDeniedError(f"idle cost belongs to the cluster, and {where}: leave {field} out, or {how}")
        return namespace

    def denies(self, report: Report) -> bool:
        """Whether ``report`` asks for more than it may see."""
        try:
            self.limit(report)
        except ScopeDeniedError:
            return True
        return False


def question_of(report: Report, now: float, zone: tzinfo, scope: Scope) -> Question:
    """The question that ``report`` asks at ``now`` [unix s], to the minute; ``zone`` is used where it names none.

    Raises InvalidInputError, ScopeDeniedError.
    """
    spec = report.spec
    namespace = scope.limit(report)
    if spec.timezone:
        zone = parse_timezone(spec.timezone)
    minute = datetime.fromtimestamp(now, UTC).replace(second=0, microsecond=0)
    window = parse_window(spec.window, minute, zone)
    if isinstance(report, CostReport):
        shape = Shape(
            "allocation",
            tuple(report.spec.aggregate),
            idle=not namespace if report.spec.idle is None else report.spec.idle,
            split_idle=report.spec.split_idle,
            idle_by_node=report.spec.idle_by_node,
            sort_by=report.spec.sort_by,
            ascending=not report.spec.descending,
            namespace=namespace,
        )
    else:
        shape = Shape(
            "asset",
            tuple(report.spec.aggregate),
            idle=False,
            sort_by=report.spec.sort_by,
            ascending=not report.spec.descending,
        )
    return Question(shape, window, cut(window, spec.step, spec.accumulate, zone), spec.limit)


def cut(window: Window, step: str, accumulate: str, zone: tzinfo) -> tuple[tuple[Window, ...], ...]:
    """The sets of ``window``: cut by ``step`` and joined by ``accumulate``. Raises InvalidWindowError."""
    sets = split(window, parse_step(step), zone)
    return tuple(tuple(sets[index] for index in group) for group in group_by_calendar(sets, accumulate, zone))
