"""What who asks may see: the whole cluster, or some namespaces of it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from farthing.errors import ScopeDeniedError
from farthing.model.filter_parser import parse_filter
from farthing.model.filters import ASSET_FIELDS, FIELDS, Filter, comparisons
from farthing.model.question import NOT_OF_TENANTS
from farthing.resources.asset_report import AssetReport
from farthing.resources.parsing import Report

TOLD_TENANTS: Final = "the metrics or the store failed: Farthing's log tells why"
"""Instead of what others' systems answered, which may name what is not a tenant's."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What who asks may see: everything, or the rows of ``namespaces`` alone; of none, nothing."""

    namespaces: tuple[str, ...] = ()
    everywhere: bool = False
    where: str = "you see only the costs of your own namespaces"
    """Who is limited, as an error says it."""
    how: str = "ask the cluster's administrators"
    """How to see more, as an error says it."""

    def limit(self, report: Report) -> tuple[str, ...]:
        """The namespaces that ``report`` is limited to, none if it sees the cluster. Raises ScopeDeniedError if it asks for more."""
        if self.everywhere:
            return ()
        if not self.namespaces:
            raise ScopeDeniedError(f"{self.where}, and there is none: {self.how}")
        hidden = [one for one in report.spec.aggregate if one in NOT_OF_TENANTS]
        if hidden:
            self._deny(f"aggregate {hidden[0]!r} would tell of the cluster", "it")
        fields = ASSET_FIELDS if isinstance(report, AssetReport) else FIELDS
        self.check(parse_filter(report.spec.filter, fields))
        for field, given in _of_the_cluster(report).items():
            if given:
                self._deny("idle, shared and external costs belong to the cluster", field)
        return self.namespaces

    def check(self, kept: Filter) -> None:
        """See that a filter tells of no more than is seen. Raises ScopeDeniedError."""
        compared = [one.field for one in comparisons(kept) if one.field in NOT_OF_TENANTS]
        if compared and not self.everywhere:
            self._deny(f"a filter by {compared[0]} would tell of the cluster", "it")

    def check_everything(self, field: str) -> None:
        """See that ``field``, which tells what others hold of the cluster, may be asked for. Raises ScopeDeniedError."""
        if not self.everywhere:
            self._deny("parts of clusters and nodes tell what others hold of them", field)

    def denies(self, report: Report) -> bool:
        """Whether ``report`` asks for more than it may see."""
        try:
            self.limit(report)
        except ScopeDeniedError:
            return True
        return False

    def _deny(self, why: str, what: str) -> None:
        raise ScopeDeniedError(f"{why}, and {self.where}: leave {what} out, or {self.how}")


EVERYTHING: Final = Scope(everywhere=True)
"""Of who runs the process."""


@dataclass(frozen=True, slots=True)
class ReportScopes:
    """Which reports see the whole cluster: those in ``namespaces``. Any other sees its own namespace."""

    namespaces: Collection[str] = frozenset()
    everywhere: bool = False
    """Whether every report does: for reports of who runs the process."""

    def of(self, report: Report) -> Scope:
        """What ``report`` sees."""
        namespace = report.metadata.namespace
        if self.everywhere or namespace in self.namespaces:
            return EVERYTHING
        return Scope(
            (namespace,),
            where=f"a report in namespace {namespace!r} sees only that namespace's own costs",
            how="ask the cluster's administrators, or let them name the namespace in FARTHING_CLUSTER_SCOPE_NAMESPACES",
        )


def _of_the_cluster(report: Report) -> dict[str, object]:
    """What ``report`` asks of costs that are no single namespace's, by the names of its fields."""
    if isinstance(report, AssetReport):
        return {}
    spec = report.spec
    return {
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
