"""C3: what each container is charged: the larger of requested and used, hour by hour and resource by resource."""

import ibis
import ibis.expr.types as ir

from farthing.model.node import gpu_devices, is_gpu
from farthing.model.owners import controllers
from farthing.model.rates import discounted
from farthing.model.tables import ALLOCATION, CONTAINER_KEY, GIB, HOUR, RESOURCES, extend, samples, table

KEY = ("start", *CONTAINER_KEY)
UNIT = {"cpu": HOUR, "ram": GIB * HOUR, "gpu": HOUR}
"""Resource-seconds in the unit of the rate: core-s, B-s and GPU-s in a core-, GiB- and GPU-hour."""


def allocations(cluster: str, run: ir.Table, usage: ir.Table, nodes: ir.Table) -> ir.Table:
    """What each container of ``run`` is charged in each interval, columns ``tables.ALLOCATION``."""
    rows = _on_node(run, nodes).join(table("hours").select("start", "seconds"), "start")
    rows = extend(rows, usage.drop("usage_scrapes"), *KEY)
    rows = extend(rows, _requests(), *KEY)
    rows = extend(rows, _gpu_busy(run), *KEY)
    rows = extend(rows, controllers(), "namespace", "pod", "uid")
    rows = rows.mutate(
        controller_kind=rows.controller_kind.fill_null(""),
        controller=rows.controller.fill_null(""),
        **{f"{name}_requested": rows[f"{name}_asked"].fill_null(0.0) * rows.run_seconds for name in RESOURCES},
        cpu_used=rows.cpu_used.fill_null(0.0),
        ram_used=rows.ram_mean.fill_null(0.0) * rows.run_seconds,
        gpu_used=rows.gpu_busy.fill_null(0.0) * rows.run_seconds,
    )
    rows = rows.mutate(
        **{f"{name}_allocated": ibis.greatest(rows[f"{name}_requested"], rows[f"{name}_used"]) for name in RESOURCES}
    )
    costs = {
        f"{name}_cost": discounted(rows[f"{name}_allocated"] / UNIT[name] * rows[f"{name}_rate"], rows.discount, name)
        for name in RESOURCES
    }
    return rows.mutate(cluster=ibis.literal(cluster), **costs).select(*ALLOCATION)


def _requests() -> ir.Table:
    """Cores, bytes and GPUs each container asks for; of a GPU the limit, where no request is written."""
    asked = ibis.union(samples("requests"), samples("init_requests"), distinct=False)
    limits = samples("gpu_limits")
    unasked = extend(limits, asked.rename(asked="value"), *KEY, "resource")
    both = ibis.union(asked, unasked.filter(unasked.asked.isnull()).drop("asked"), distinct=False)
    return both.group_by(*KEY).agg(
        cpu_asked=ibis.ifelse(both.resource == "cpu", both["value"], 0.0).sum(),
        ram_asked=ibis.ifelse(both.resource == "memory", both["value"], 0.0).sum(),
        gpu_asked=ibis.ifelse(is_gpu(both.resource), both["value"] * gpu_devices(both.resource), 0.0).sum(),
    )


def _gpu_busy(run: ir.Table) -> ir.Table:
    """Devices each container keeps busy. DCGM knows the pod by name only: the pod of that name that ran longest."""
    name = ("start", "namespace", "pod", "container")
    busy = samples("gpu_busy")
    busy = busy.group_by(*name).agg(gpu_busy=busy["value"].sum())
    longest = run.group_by(*name).agg(uid=run.uid.argmax(run.run_seconds))
    return busy.join(longest, [*name])


def _on_node(run: ir.Table, nodes: ir.Table) -> ir.Table:
    """``run`` with the node it ran on and that node's rates; of two nodes of one name, the one it overlaps longest."""
    nodes = nodes.select(
        "start", "node", "provider_id", *(f"{name}_rate" for name in RESOURCES), "discount",
        node_start="run_start", node_end="run_end",
    )  # fmt: skip
    pairs = extend(run.drop("interval_end"), nodes, "start", "node")
    overlap = ibis.least(pairs.run_end, pairs.node_end) - ibis.greatest(pairs.run_start, pairs.node_start)
    order = ibis.window(group_by=list(KEY), order_by=[ibis.desc(overlap), pairs.provider_id])
    pairs = pairs.mutate(place=ibis.row_number().over(order))
    # A pod on a node that nobody describes has no rate: its use is kept, at no cost, and the coverage names the gap.
    return pairs.filter(pairs.place == 0).mutate(
        provider_id=pairs.provider_id.fill_null(""),
        discount=pairs.discount.fill_null(0.0),
        **{f"{name}_rate": pairs[f"{name}_rate"].fill_null(0.0) for name in RESOURCES},
    )
