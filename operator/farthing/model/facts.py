"""The facts of a chunk of intervals, as named steps: each is a table made of the samples and of the steps before it."""

import ibis
import ibis.expr.types as ir

from farthing.model.allocation import allocations
from farthing.model.asset import node_assets, residuals
from farthing.model.coverage import observations
from farthing.model.node import node_holdings, node_prices, node_rates, node_runs
from farthing.model.pace import paces
from farthing.model.runtime import container_runs
from farthing.model.tables import ALLOCATION, ASSET, IDENTITY, table
from farthing.model.usage import container_usage


def steps(cluster: str) -> dict[str, ir.Table]:
    """Name and expression of each step, in order.

    ``allocation`` and ``asset`` are the facts, ``observed`` what they were seen by (``coverage.observations``).

    Each is to be kept under its name before the next is computed: what follows refers to it by that name.
    """
    made: dict[str, ir.Table] = {}

    def step(name: str, expression: ir.Table) -> ir.Table:
        made[name] = expression
        return ibis.table(expression.schema(), name=name)

    pace = step("pace", paces())
    run = step("run", container_runs(pace))
    usage = step("usage", container_usage(pace, run))
    held = step("node_held", node_holdings(step("node_run", node_runs(pace))))
    nodes = step("node", node_rates(step("node_price", node_prices(held))))
    allocation = step("allocation", allocations(cluster, run, usage, nodes))
    asset = step("asset", node_assets(cluster, nodes, allocation))
    step("observed", observations(pace, run, usage, residuals(allocation, asset)))
    return made


def rolled_up(name: str, start: int) -> ir.Table:
    """The facts table ``name`` summed over all its intervals into one that begins at ``start`` [unix s]."""
    facts = table(name)
    columns = ALLOCATION if name == "allocation" else ASSET
    key = IDENTITY[name]
    sums = [column for column in columns if column not in {*key, "start", "run_start", "run_end"}]
    return (
        facts.group_by(*key)
        .agg(
            run_start=facts.run_start.min(),
            run_end=facts.run_end.max(),
            **{column: facts[column].sum() for column in sums},
        )
        .mutate(start=start)
        .select(*columns)
    )
