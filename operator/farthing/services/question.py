"""From a report's spec to a question of the model, within what the report may see."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from farthing.errors import ScopeDeniedError
from farthing.model.filter_parser import parse_filter
from farthing.model.filters import ASSET_FIELDS, FIELDS, comparisons, parse_label
from farthing.model.question import LABELS_OF_ALIASES, NOT_OF_TENANTS, Aliases, Question, Shape, Sharing
from farthing.model.steps import group_by_calendar, parse_step, split
from farthing.model.window import Window, parse_window
from farthing.model.zone import parse_timezone
from farthing.resources.asset_report import AssetReport
from farthing.resources.cost_report import CostReport
from farthing.resources.parsing import Report


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
        hidden = [one for one in report.spec.aggregate if one in NOT_OF_TENANTS]
        if hidden:
            raise ScopeDeniedError(
                f"aggregate {hidden[0]!r} would tell of the cluster, and {where}: leave it out, or {how}"
            )
        fields = ASSET_FIELDS if isinstance(report, AssetReport) else FIELDS
        kept = parse_filter(report.spec.filter, fields)
        compared = [one.field for one in comparisons(kept) if one.field in NOT_OF_TENANTS]
        if compared:
            raise ScopeDeniedError(
                f"a filter by {compared[0]} would tell of the cluster, and {where}: leave it out, or {how}"
            )
        if isinstance(report, AssetReport):
            return namespace
        spec = report.spec
        shared = {
            "idle": spec.idle,
            "splitIdle": spec.split_idle,
            "idleByNode": spec.idle_by_node,
            "shareIdle": spec.share_idle,
            "shareNamespaces": spec.share_namespaces,
            "shareLabels": spec.share_labels,
            "shareCost": spec.share_cost,
            "shareTenancyCosts": spec.share_tenancy_costs,
            "external": spec.external,
        }
        for field, asked in shared.items():
            if asked:
                raise ScopeDeniedError(
                    f"idle, shared and external costs belong to the cluster, and {where}: leave {field} out, or {how}"
                )
        return namespace

    def denies(self, report: Report) -> bool:
        """Whether ``report`` asks for more than it may see."""
        try:
            self.limit(report)
        except ScopeDeniedError:
            return True
        return False


def question_of(
    report: Report, now: float, zone: tzinfo, scope: Scope, aliases: Aliases = LABELS_OF_ALIASES
) -> Question:
    """The question that ``report`` asks at ``now`` [unix s], to the minute; ``zone`` is used where it names none.

    ``aliases`` are the labels that team, owner and the like stand for.

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
            sharing=_sharing(report, namespace),
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
            namespace=namespace,
            kept=parse_filter(report.spec.filter, ASSET_FIELDS),
            aliases=aliases,
            reconcile=not report.spec.disable_adjustments,
        )
    cost_metric = report.spec.cost_metric if isinstance(report, CostReport) else "cumulative"
    return Question(shape, window, cut(window, spec.step, spec.accumulate, zone), spec.limit, cost_metric)


def _sharing(report: CostReport, namespace: str) -> Sharing:
    spec = report.spec
    return Sharing(
        idle=spec.share_idle,
        namespaces=spec.share_namespaces,
        labels=tuple(parse_label(one) for one in spec.share_labels),
        monthly_cost=spec.share_cost,
        overhead=not namespace if spec.share_tenancy_costs is None else spec.share_tenancy_costs,
        even=spec.share_split == "even",
    )


def cut(window: Window, step: str, accumulate: str, zone: tzinfo) -> tuple[tuple[Window, ...], ...]:
    """The sets of ``window``: cut by ``step`` and joined by ``accumulate``. Raises InvalidWindowError."""
    sets = split(window, parse_step(step), zone)
    return tuple(tuple(sets[index] for index in group) for group in group_by_calendar(sets, accumulate, zone))
