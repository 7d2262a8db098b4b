"""C3: what each container is charged: the larger of requested and used, hour by hour and resource by resource."""

import ibis
import ibis.expr.types as ir

from farthing.model.node import gpu_devices, is_gpu
from farthing.model.owners import controllers
from farthing.model.rates import discounted
from farthing.model.sampled import POD_KEY, identities, samples
from farthing.model.tables import ALLOCATION, GIB, HOUR, IDENTITY, RESOURCES, UNMOUNTED, extend, zero

KEY = ("start", "container_no")
PART_KEY = ("start", *IDENTITY["allocation"])
TRAFFIC_KEY = ("start", "namespace", "pod", "uid", "container")
TIMES = ("seconds", "run_start", "run_end")
CHARGED = tuple(column for column in ALLOCATION if not column.startswith(("network_", "pv_", "lb_")))
"""Columns of ``tables.ALLOCATION`` that cpu, ram and gpu need."""
RATES = tuple(f"{name}{of}_rate" for name in RESOURCES for of in ("", "_base"))
UNIT = {"cpu": HOUR, "ram": GIB * HOUR, "gpu": HOUR}
"""Resource-seconds in the unit of the rate: core-s, B-s and GPU-s in a core-, GiB- and GPU-hour."""


def charges(cluster: str, run: ir.Table, usage: ir.Table, nodes: ir.Table) -> ir.Table:
    """What each container of ``run`` is charged for cpu, ram and gpu in each interval: columns ``CHARGED``."""
    rows = extend(_on_node(run, nodes), usage.drop("usage_scrapes"), *KEY)
    rows = extend(rows, _requests(), *KEY)
    rows = extend(rows, _gpu_busy(run), *KEY)
    rows = extend(rows, _names(), "container_no")
    rows = rows.mutate(
        seconds=rows.interval_end - rows.start,
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
    savings = {
        f"{name}_saving": rows[f"{name}_allocated"] / UNIT[name] * rows[f"{name}_base_rate"] - costs[f"{name}_cost"]
        for name in RESOURCES
    }
    # A 5-minute window may hold less than the container's whole, short life: no largest is below its mean.
    largest = {
        f"{name}_used_max": ibis.greatest(
            rows[f"{name}_largest"].fill_null(0.0), rows[f"{name}_used"] / rows.run_seconds
        )
        for name in ("cpu", "ram")
    }
    return rows.mutate(cluster=ibis.literal(cluster), **costs, **savings, **largest).select(*CHARGED)


def allocations(charged: ir.Table, traffic: ir.Table, volume: ir.Table, balancer: ir.Table) -> ir.Table:
    """``charged`` with what each container is charged for traffic, volumes and load balancers, columns ``tables.ALLOCATION``.

    ``traffic`` is that of ``network.traffic``, the others are the facts of that name, whose rows without a container are
    rows here too.
    """
    volumes = volume.group_by(*PART_KEY).agg(pv_byte_seconds=volume.byte_seconds.sum(), pv_cost=volume.cost.sum())
    balancers = balancer.group_by(*PART_KEY).agg(lb_cost=balancer.cost.sum())
    rows = ibis.union(charged, _unmounted(volume, balancer), distinct=False)
    for part, on in ((traffic, TRAFFIC_KEY), (volumes, PART_KEY), (balancers, PART_KEY)):
        rows = extend(rows, part, *on)
    added = [column for column in ALLOCATION if column not in CHARGED]
    return rows.mutate(**{column: rows[column].fill_null(0.0) for column in added}).select(*ALLOCATION)


def _unmounted(volume: ir.Table, balancer: ir.Table) -> ir.Table:
    """Rows like those of ``charges`` for what no container holds."""
    held_by_none = [part.filter(part.container == UNMOUNTED).select(*PART_KEY, *TIMES) for part in (volume, balancer)]
    rows = ibis.union(*held_by_none, distinct=False)
    rows = rows.group_by(*PART_KEY).agg(
        seconds=rows.seconds.max(),
        run_start=rows.run_start.min(),
        run_end=rows.run_end.max(),
    )
    rows = rows.mutate(run_seconds=rows.run_end - rows.run_start)
    known = set(rows.columns)
    return rows.mutate(**{column: zero() for column in CHARGED if column not in known}).select(*CHARGED)


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
    pairs = busy.join(identities("container_no"), list(name[1:])).join(run, [*KEY])
    return (
        pairs.group_by(*name)
        .agg(container_no=pairs.container_no.argmax(pairs.run_seconds), gpu_busy=pairs.gpu_busy.max())
        .select(*KEY, "gpu_busy")
    )


def _names() -> ir.Table:
    """Namespace, pod, uid, name and controller of each container."""
    rows = extend(identities("container_no"), controllers(), *POD_KEY)
    return rows.mutate(controller_kind=rows.controller_kind.fill_null(""), controller=rows.controller.fill_null(""))


def _on_node(run: ir.Table, nodes: ir.Table) -> ir.Table:
    """``run`` with the node it ran on and that node's rates; of two nodes of one name, the one it overlaps longest."""
    nodes = nodes.select(
        "start", "node", "provider_id", *RATES, "discount",
        node_start="run_start", node_end="run_end",
    )  # fmt: skip
    pairs = extend(run, nodes, "start", "node")
    overlap = ibis.least(pairs.run_end, pairs.node_end) - ibis.greatest(pairs.run_start, pairs.node_start)
    order = ibis.window(group_by=list(KEY), order_by=[ibis.desc(overlap), pairs.provider_id])
    pairs = pairs.mutate(place=ibis.row_number().over(order))
    # A pod on a node that nobody describes has no rate: its use is kept, at no cost, and the coverage names the gap.
    return pairs.filter(pairs.place == 0).mutate(
        provider_id=pairs.provider_id.fill_null(""),
        discount=pairs.discount.fill_null(0.0),
        **{name: pairs[name].fill_null(0.0) for name in RATES},
    )
