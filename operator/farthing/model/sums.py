"""Facts summed by interval as far as sharing and filtering allow: all that a report of them needs, in far fewer rows.

Stored days never change, so that their sums may be kept: the next question of their kind adds up a few hundred rows.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.bills import ADDED
from farthing.model.question import ALLOCATION_PROPERTIES, Shape
from farthing.model.tables import ALLOCATION, LARGEST
from farthing.model.telling import COLUMN, SLASHED, asked, keys, told_apart

TOLD_BY = {
    "node": ("cluster", "provider_id"),
    "namespace": ("cluster",),
    "controllerKind": ("cluster",),
    "controller": ("cluster", "controller_kind", "namespace"),
    "service": ("cluster", "namespace"),
    "pod": ("cluster", "controller_kind", "controller", "namespace", "node", "provider_id"),
}
"""Columns that most rows of one value of a property share, so that it is worth to look whether all do."""

PROPERTY_COLUMNS = tuple(COLUMN.get(one, one) for one in ALLOCATION_PROPERTIES)
NOT_ADDED = (*LARGEST, "seconds", "run_seconds", "run_start", "run_end")
AMOUNTS = tuple(
    column
    for column, kind in ALLOCATION.items()
    # What prices saved is for repricing: no report tells it.
    if kind == "float64" and column not in NOT_ADDED and not column.endswith("_saving")
)
"""Columns of the facts that add up."""

OF_SETS = dict.fromkeys(("spread", "weight", "bearers", "unborne"), "float64")
"""What is spread over the rows of a set, what they weigh [currency], how many groups of them bear it, and 1 where none is there to."""

TENANT = "tenant"
"""The namespace of a row, where a question is of some namespaces: all tenants ask the same sums."""


def sums(shape: Shape) -> ir.Table:
    """Facts added up by start [unix s], ``keys``, ``pool_columns``, ``apart_by`` and ``TENANT``, each where the shape needs it.

    Where they would not be far fewer they are as they are. Columns beside those: run_start, run_end [unix s], the least and the most of each of ``told``, ``AMOUNTS`` and ``LARGEST``.
    """
    facts = told_apart("allocation", shape)
    if shape.namespaces:
        facts = facts.mutate(**{TENANT: facts.namespace})
    tenant = (TENANT,) if shape.namespaces else ()
    split = "service" in shape.aggregate
    looked_at = [column for column in told(shape) if column not in (*pool_columns(shape), *by_key(shape))]
    by = ("start", *keys(shape), *pool_columns(shape), *apart_by(shape), *tenant)
    added = {column: (facts[column] * facts.part) if split else facts[column] for column in amounts(shape)}
    if not are_few(shape):
        # To add up so little first is time lost.
        ends = {f"{end}_{column}": facts[column] for column in looked_at for end in ("least", "most")}
        return facts.select(*by, "run_start", "run_end", **ends, **added, **{one: facts[one] for one in LARGEST})
    return facts.group_by(*by).agg(
        run_start=facts.run_start.min(),
        run_end=facts.run_end.max(),
        **{f"least_{column}": facts[column].min() for column in looked_at},
        **{f"most_{column}": facts[column].max() for column in looked_at},
        **{column: amount.sum() for column, amount in added.items()},
        **{column: facts[column].max() for column in LARGEST},
    )


def amounts(shape: Shape) -> tuple[str, ...]:
    """The columns of ``shape`` that add up: ``AMOUNTS`` and, where bills adjust costs, what these add."""
    return (*AMOUNTS, *ADDED["allocation"]) if shape.reconcile else AMOUNTS


def sums_table(shape: Shape) -> ir.Table:
    """The table of ``sums`` that a report of ``shape`` reads, each row with its set; of a tenant its own rows.

    Where costs are spread each row has what ``OF_SETS`` tells of its set, too.
    """
    of_sets = OF_SETS if shape.sharing.pools else {}
    rows = ibis.table({**dict(sums(shape).schema().items()), "set": "int64", **of_sets}, name="sums")
    return rows.filter(rows[TENANT].isin(shape.namespaces)) if shape.namespaces else rows


def first_keys(shape: Shape) -> ir.Table:
    """The values of the first property that ``shape`` asks for: column key, each once."""
    return sums_table(shape).select(key=keys(shape)[0]).distinct()


def are_few(shape: Shape) -> bool:
    """Whether the sums of ``shape`` are far fewer rows than its facts."""
    return not {"pod", "container"} & set(asked(shape))


def needs_pools(shape: Shape) -> bool:
    """Whether rows must know what idle is theirs: where it is shared, or told of what a filter keeps."""
    return not shape.namespaces and (shape.sharing.idle or shape.filtered)


def pools_by(shape: Shape) -> tuple[str, ...]:
    """What tells the pools of idle cost of a set apart."""
    return ("cluster", "node") if shape.idle_by_node else ("cluster",)


def pool_columns(shape: Shape) -> tuple[str, ...]:
    """``pools_by``, where rows must know which pool is theirs."""
    return pools_by(shape) if needs_pools(shape) else ()


def apart_by(shape: Shape) -> tuple[str, ...]:
    """What tells the rows apart that are left out, or spread over the others."""
    kept = ("is_kept",) if shape.filtered else ()
    shared = ("is_shared", "shared_as") if shape.sharing.rows else ()
    return (*kept, *shared, *(("is_unmounted",) if shape.sharing.pools else ()))


def told(shape: Shape) -> list[str]:
    """The columns of properties that rows of ``shape`` may share."""
    named = shape.aggregate or ("pod", "container")
    found = {column for one in named for column in (COLUMN.get(one, one), *TOLD_BY.get(one, ()))}
    if shape.namespaces:
        found -= {"cluster", "node", "provider_id"}
    return [column for column in PROPERTY_COLUMNS if column in found]


def by_key(shape: Shape) -> dict[str, str]:
    """The columns of properties that a key names as they are, and the column of that key."""
    pairs = zip(asked(shape), keys(shape), strict=True)
    named_otherwise = ("controller", *SLASHED)
    plain = [one for one in ALLOCATION_PROPERTIES if one not in named_otherwise]
    return {COLUMN.get(one, one): key for one, key in pairs if one in plain}
