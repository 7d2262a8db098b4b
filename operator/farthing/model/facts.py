"""The facts of a chunk of intervals, as named steps: each is a table made of the samples and of the steps before it."""

import ibis
import ibis.expr.types as ir

from farthing.model.allocation import allocations, charges
from farthing.model.asset import node_assets, residuals
from farthing.model.balancer import balancer_assets, balancers, balancers_seen
from farthing.model.breakdown import cpu_shares, node_names
from farthing.model.cloud import clouds, in_cloud
from farthing.model.coverage import observations, with_residual
from farthing.model.growth import counters
from farthing.model.local_disk import local_disk_assets, root_disks
from farthing.model.management import management_assets
from farthing.model.network import (
    RECEIVED,
    SENT,
    destinations,
    egress_counters,
    interface_counters,
    interfaces,
    network_assets,
    paid,
    pods_charged,
    through_interfaces,
    traffic,
)
from farthing.model.node import node_holdings, node_prices, node_rates, node_runs
from farthing.model.pace import paces
from farthing.model.prices import NO_PRICES, Prices
from farthing.model.runtime import container_runs
from farthing.model.selectors import selected
from farthing.model.services import behind, behind_each, slice_pods
from farthing.model.tables import FACTS, IDENTITY, LARGEST, LARGEST_OF_ASSETS, table
from farthing.model.usage import cgroup_samples, container_usage
from farthing.model.volume import disk_assets, disks, volumes
from farthing.model.workload import workloads


def steps(cluster: str, prices: Prices = NO_PRICES) -> dict[str, ir.Table]:
    """Name and expression of each step, in order; rates are those of ``prices`` first.

    The facts are ``tables.FACTS``; ``observed`` is what they were seen by (``coverage.observations``).

    Each is to be kept under its name before the next is computed: what follows refers to it by that name.
    """
    made: dict[str, ir.Table] = {}

    def step(name: str, expression: ir.Table) -> ir.Table:
        made[name] = expression
        return ibis.table(expression.schema(), name=name)

    pace = step("pace", paces())
    run = step("run", container_runs(pace))
    usage = step("usage", container_usage(pace, run, step("cgroup", cgroup_samples(pace))))
    seen = step("seen", observations(pace, run, usage))
    held = step("node_held", node_holdings(step("node_run", node_runs(pace))))
    nodes = step("node", node_rates(step("node_price", node_prices(held, prices)), prices))
    charged = step("charged", charges(cluster, run, usage, nodes))
    disk = step("disk", disks(pace, prices))
    volume = step("volume", volumes(cluster, charged, disk))
    served = step("served", balancers_seen(pace, prices))
    told = (step("slice_pod", slice_pods()), step("selected", selected()))
    step("workload", workloads(cluster, step("behind", behind(*told))))
    backs = step("behind_each", behind_each(served, *told))
    balancer = step("balancer", balancers(cluster, charged, served, backs))
    pods = step("pod", pods_charged(pace, charged))
    counted = step("egress_seen", counters(pace, "egress", "egress"))
    egress = step("egress", egress_counters(counted, pods, step("destination", destinations(pods))))
    moved = [step("paid", paid(egress, pods))]
    owners = step("interface", interfaces(pods))
    for counter, column in (("transmit", SENT), ("receive", RECEIVED)):
        counted = step(f"{counter}_seen", counters(pace, counter, "transmit"))
        grown = step(counter, interface_counters(counted, pods, owners))
        moved.append(step(column, through_interfaces(grown, pods, column)))
    crossed = step("traffic", traffic(charged, pods, moved, prices))
    allocation = step("allocation", allocations(charged, crossed, volume, balancer))
    names = step("node_name", node_names())
    others = (
        disk_assets(cluster, disk),
        local_disk_assets(cluster, nodes, step("root", root_disks(names))),
        network_assets(cluster, allocation),
        balancer_assets(cluster, served),
        management_assets(cluster, pace, prices),
    )
    of_nodes = node_assets(cluster, nodes, allocation, step("cpu_share", cpu_shares(names)))
    made_of = ibis.union(of_nodes, *others, distinct=False)
    asset = step("asset", in_cloud(made_of, step("cloud", clouds(nodes))))
    step("observed", with_residual(seen, residuals(allocation, asset)))
    return made


def rolled_up(name: str, start: int) -> ir.Table:
    """The facts table ``name`` summed over all its intervals into one that begins at ``start`` [unix s]."""
    facts = table(name)
    key = IDENTITY[name]
    times = {} if name == "workload" else {"run_start": facts.run_start.min(), "run_end": facts.run_end.max()}
    largest = {*LARGEST, *LARGEST_OF_ASSETS}
    added = [column for column in FACTS[name] if column not in {*key, "start", *times}]
    return (
        facts.group_by(*key)
        .agg(
            **times,
            **{column: facts[column].max() if column in largest else facts[column].sum() for column in added},
        )
        .mutate(start=ibis.literal(start, "int64"))
        .select(*FACTS[name])
    )
