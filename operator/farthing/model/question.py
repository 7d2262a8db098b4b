"""What can be asked of the facts: a question, valid from birth."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from types import MappingProxyType
from typing import Final, TypeAlias

from farthing.errors import InvalidQuestionError
from farthing.model.filters import ALIASES, KEYED, Comparison, Every, Filter, comparisons, everything, label_key
from farthing.model.window import SECONDS_PER_HOUR, Window

ALLOCATION_PROPERTIES: Final = (
    "cluster", "node", "namespace", "controllerKind", "controller", "pod", "container", "providerID",
)  # fmt: skip
"""What a row of containers tells of them where they agree."""

CONTROLLER_KINDS: Final = ("deployment", "statefulset", "daemonset", "job")
ALLOCATION_AGGREGATES: Final = (
    "cluster", "node", "namespace", "controllerKind", "controller", "pod", "container", "providerID", "service", *CONTROLLER_KINDS, *ALIASES,
)  # fmt: skip
KEYED_AGGREGATES: Final = ("label:", "annotation:")
"""What stands before the key of a label or an annotation in an aggregate."""

ASSET_PROPERTIES: Final = (
    "provider", "account", "project", "category", "cluster", "type", "service", "providerID", "name", "region", "instanceType",
)  # fmt: skip
"""What a row of assets tells of them where they agree, and may be grouped by."""
ASSET_AGGREGATES: Final = (*ASSET_PROPERTIES, *ALIASES)
ORDERS: Final = (
    "totalCost", "cpuCost", "ramCost", "gpuCost", "pvCost", "networkCost", "loadBalancerCost", "sharedCost", "efficiency",
    "name",
)  # fmt: skip
NOT_OF_TENANTS: Final = ("cluster", "node", "provider", "account", "project", "providerID", "region", "instanceType")
"""Properties that tell of more than one namespace."""
ASSET_ORDERS: Final = (
    "totalCost", "cpuCost", "ramCost", "gpuCost", "diskCost", "networkCost", "loadBalancerCost", "managementCost", "cloudCost",
    "adjustment", "name",
)  # fmt: skip
COST_METRICS: Final[Mapping[str, float]] = MappingProxyType(
    {"cumulative": 0.0, "hourly": 1.0, "daily": 24.0, "monthly": 730.0}
)
"""Hours that a cost is for; 0 is the whole set. A month is 730 h everywhere (C10)."""

TAGGED: Final = ("cluster", "namespace", "pod", "container", "service", *CONTROLLER_KINDS)
"""Properties that a tag of a bill may name a row by, such as ``kubernetes_namespace``."""

MOST_LOOKUPS: Final = 10
"""Different labels and annotations that one question may ask for: each is a join, and more of them take seconds to plan."""

NODE_LABEL: Final = "node_label"

Lookup: TypeAlias = tuple[str, str]
"""``label``, ``annotation`` or ``node_label``, and its key as kube-state-metrics spells it."""

Aliases: TypeAlias = tuple[tuple[str, str], ...]

LABELS_OF_ALIASES: Final[Aliases] = (
    ("department", "department"), ("environment", "env"), ("owner", "owner"), ("product", "app"), ("team", "team"),
)  # fmt: skip
"""The label that each alias stands for where nobody says otherwise: Kubecost's defaults."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """What is spread over the rows, and how (C10)."""

    idle: bool = False
    """Idle cost, by resource, inside its cluster, or its node where idle is asked by node."""
    namespaces: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    """Key and value of labels; what carries one of them is shared."""
    monthly_cost: float = 0.0
    """An amount a month of 730 h. [currency]"""
    overhead: bool = False
    """The clusters' management, and the disks that their nodes boot from."""
    even: bool = False
    """Whether every row gets the same rather than a part by its cost; of idle, always by cost."""

    def __post_init__(self) -> None:
        if not isfinite(self.monthly_cost) or self.monthly_cost < 0:
            raise InvalidQuestionError(f"shareCost {self.monthly_cost} is no amount: use 0 or more a month")

    @property
    def rows(self) -> bool:
        """Whether rows are spread over others."""
        return bool(self.namespaces or self.labels)

    @property
    def of_facts(self) -> bool:
        """Whether anything but idle is spread that the facts tell."""
        return self.rows or self.overhead

    @property
    def pools(self) -> bool:
        """Whether anything but idle is spread."""
        return self.of_facts or bool(self.monthly_cost)


@dataclass(frozen=True, slots=True)
class Shape:
    """How rows are formed, whatever the window: what a compiled query depends on."""

    kind: str
    """``allocation`` or ``asset``."""
    aggregate: tuple[str, ...] = ()
    """Properties; none is one row a container, or an asset."""
    idle: bool = True
    split_idle: bool = False
    """One idle row a cluster instead of one in all."""
    idle_by_node: bool = False
    """Idle is told, and shared, by node instead of by cluster; as rows it needs ``split_idle``."""
    sort_by: str = "totalCost"
    ascending: bool = False
    namespaces: tuple[str, ...] = ()
    """The only namespaces whose rows count, none for all; then nothing is told of nodes, and of assets theirs."""
    sharing: Sharing = field(default_factory=Sharing)
    kept: Filter = field(default_factory=Every)
    """Which rows are shown, after everything was shared."""
    aliases: Aliases = LABELS_OF_ALIASES
    """The label that each of ``filters.ALIASES`` stands for."""
    reconcile: bool = True
    """Whether bills adjust costs (C13)."""
    external: bool = False
    """Whether what bills tell of other resources is added to the rows that their tags name."""
    proportions: bool = False
    """Whether rows tell which part of each cluster's assets, or of each asset, is theirs."""

    def __post_init__(self) -> None:
        for one in self.aggregate:
            self._check_aggregate(one)
        if len(set(self.aggregate)) < len(self.aggregate):
            raise InvalidQuestionError(f"aggregate {','.join(self.aggregate)!r} names a property twice; name each once")
        orders = ORDERS if self.kind == "allocation" else ASSET_ORDERS
        if self.sort_by not in orders:
            raise InvalidQuestionError(f"sortBy {self.sort_by!r} is not offered; allowed are {', '.join(orders)}")
        if self.idle_by_node and not (self.split_idle or self.sharing.idle):
            raise InvalidQuestionError(
                "idleByNode gives one idle row a node, or shares idle within its node: it needs splitIdle or shareIdle"
            )
        if self.namespaces and (
            self.idle or self.sharing.idle or self.sharing.pools or set(NOT_OF_TENANTS) & set(self.aggregate)
        ):
            raise InvalidQuestionError(
                f"a question about some namespaces has no idle rows or shared costs, and no {', '.join(NOT_OF_TENANTS)}"
            )
        if self.proportions and not self.idle:
            raise InvalidQuestionError("includeProportionalAssetResourceCosts needs idle: set idle, or includeIdle")
        if self.external and (self.namespaces or not self.aggregate or not all(map(self.tag_of, self.aggregate))):
            raise InvalidQuestionError(
                "external costs go to rows by tags of bills, in a report that sees the cluster and is aggregated by "
                f"{', '.join(TAGGED)}, label:KEY or an alias of one; leave external out, or change the aggregate"
            )
        if len(self.lookups) > MOST_LOOKUPS:
            raise InvalidQuestionError(
                f"aggregate, filter and shareLabels name {len(self.lookups)} different labels and annotations; at most "
                f"{MOST_LOOKUPS} are offered in one question"
            )

    def _check_aggregate(self, one: str) -> None:
        # Nodes have labels, and what a bill tells of tags; neither has annotations.
        of_kind = KEYED_AGGREGATES if self.kind == "allocation" else KEYED_AGGREGATES[:1]
        keyed = one.startswith(of_kind)
        allowed = ALLOCATION_AGGREGATES if self.kind == "allocation" else ASSET_AGGREGATES
        if keyed and not one.partition(":")[2].strip():
            raise InvalidQuestionError(f"aggregate {one!r} names no key; write label:app")
        if not keyed and one not in allowed:
            keys = "".join(f", {start}KEY" for start in of_kind)
            raise InvalidQuestionError(f"aggregate {one!r} is not offered; allowed are {', '.join(allowed)}{keys}")

    @property
    def lookups(self) -> tuple[Lookup, ...]:
        """The labels and annotations that are asked for, each once."""
        found = [self.lookup_of(one) for one in self.aggregate]
        found += [("label", label_key(key)) for key, _ in self.sharing.labels]
        found += [lookup for one in comparisons(self.kept) for lookup in self.lookups_of_comparison(one)]
        return tuple(dict.fromkeys(one for one in found if one is not None))

    def lookup_of(self, asked: str) -> Lookup | None:
        """What the property ``asked`` looks up, if it is a label, an annotation or an alias."""
        kind, colon, key = asked.partition(":")
        if colon:
            return self._said(kind), label_key(key.strip())
        return (self._said("label"), self.label_of(asked)) if asked in ALIASES else None

    def tag_of(self, asked: str) -> str:
        """The tag of a bill that names a row by the property ``asked``, empty for none."""
        lookup = self.lookup_of(asked)
        if lookup is not None:
            return f"kubernetes_label_{lookup[1]}" if lookup[0] == "label" else ""
        return f"kubernetes_{asked}" if self.kind == "allocation" and asked in TAGGED else ""

    def lookups_of_comparison(self, comparison: Comparison) -> tuple[Lookup, ...]:
        """What ``comparison`` looks up: one where it compares a value; each key where it asks whether there is one."""
        if comparison.field in ALIASES:
            return ((self._said("label"), self.label_of(comparison.field)),)
        if comparison.field not in KEYED:
            return ()
        keys = (comparison.key,) if comparison.key else comparison.values
        return tuple((self._said(comparison.field), key) for key in keys)

    def _said(self, kind: str) -> str:
        """What is looked up where a ``label`` or an ``annotation`` is asked for: assets have their nodes' labels."""
        return kind if self.kind == "allocation" else NODE_LABEL

    @property
    def filtered(self) -> bool:
        """Whether a filter may leave rows out."""
        return not everything(self.kept)

    def label_of(self, alias: str) -> str:
        """The key of the label that ``alias`` stands for, as Prometheus spells it."""
        return label_key(dict(self.aliases)[alias])


@dataclass(frozen=True, slots=True)
class Question:
    """A shape over a window whose sets are ``sets``, in order; a set may have gaps only between the joined ones."""

    shape: Shape
    window: Window
    sets: tuple[tuple[Window, ...], ...]
    limit: int = 0
    """Rows a set at most, the idle rows aside; 0 is all."""
    cost_metric: str = "cumulative"
    """What a cost is for: the set, or an hour, a day, a month of it."""

    def __post_init__(self) -> None:
        if self.cost_metric not in COST_METRICS:
            raise InvalidQuestionError(
                f"costMetric {self.cost_metric!r} is not offered; allowed are {', '.join(COST_METRICS)}"
            )
        if self.limit < 0:
            raise InvalidQuestionError(
                f"limit {self.limit} is negative; allowed are 0 for all rows, or a number of rows"
            )

    def passed(self, now: float) -> tuple[float, ...]:
        """How much of each set has passed at ``now`` [unix s]. [s]"""
        return tuple(
            sum(max(0.0, min(now, one.end.timestamp()) - one.start.timestamp()) for one in windows)
            for windows in self.sets
        )

    def times(self, seconds: float) -> float:
        """How many times a cost of ``seconds`` the cost metric asks for; 0 before anything has passed."""
        hours = COST_METRICS[self.cost_metric]
        if not hours:
            return 1.0
        return hours * SECONDS_PER_HOUR / seconds if seconds > 0 else 0.0
