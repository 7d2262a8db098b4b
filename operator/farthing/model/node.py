"""Nodes: when each ran, what it holds and its rates. A node is its name and its provider id: a replaced one is two."""

import ibis
import ibis.expr.types as ir

from farthing.model.prices import NO_PRICES, Prices
from farthing.model.pricing import label_column, with_rules
from farthing.model.rates import default_rate, provider_of, whole_node_factor
from farthing.model.runtime import exact_or_counted
from farthing.model.sampled import POOLS, samples
from farthing.model.tables import RESOURCES, extend, table

NODE = ("start", "node")
KEY = (*NODE, "provider_id")
CAPACITY = {"cpu": "cpu", "ram": "memory"}
"""kube-state-metrics' name of each resource but gpu, which has several."""


def gpu_devices(resource: ir.StringValue) -> ir.FloatingValue:
    """How much of one device a unit of the GPU resource is: MIG profile ``1g`` is a seventh of its device, others 1."""
    slices = resource.re_extract("_mig_([0-9]+)g", 1)
    return ibis.ifelse(slices == "", 1.0, slices.try_cast("float64") / 7.0).fill_null(1.0)


def is_gpu(resource: ir.StringValue) -> ir.BooleanValue:
    """Whether a resource, spelled as kube-state-metrics does, is a GPU or a part of one."""
    return resource.startswith("nvidia_com_") | (resource == "amd_com_gpu")


def node_runs(pace: ir.Table) -> ir.Table:
    """When each node ran in each interval (C1): from its creation where known, counted by scrapes else.

    Columns of note: start, seconds, node, provider_id, run_seconds [s], run_start, run_end [unix s], older (whether the
    interval before saw it too), previous_start.
    """
    seen = samples("node_scrapes", "seen")
    before = seen.rename(previous_start="start", before="seen")
    rows = seen.join(pace, "start")
    rows = extend(rows, before, "node", "provider_id", "previous_start")
    rows = extend(rows, samples("node_created", "created"), *NODE)
    # kube_node_created tells only of the newest node of a name: one seen in the interval before began before this one.
    began = ibis.ifelse(rows.before.isnull(), rows.created.fill_null(0.0), 0.0)
    rows = rows.mutate(
        older=rows.before.notnull(),
        began=ibis.greatest(began, rows.start.cast("float64")),
    )
    counted = ibis.least(rows.state_interval * rows.seen, rows.seconds)
    exact = ibis.greatest(rows.interval_end - rows.began, 0.0)
    rows = rows.mutate(run_seconds=exact_or_counted(counted, exact, rows.state_interval))
    rows = rows.mutate(run_start=ibis.least(rows.began, rows.interval_end - rows.run_seconds))
    return rows.filter(rows.run_seconds > 0).mutate(run_end=lambda t: t.run_start + t.run_seconds)


def _node_labels() -> ir.Table:
    """Pool, instance type, region, zone and whether it is spot, by the labels the providers set, of the newest node of a name."""
    labels = samples("node_labels").drop("value")
    names = [name for name in labels.columns if name != "start"]
    before = table("hours").join(labels.rename(previous_start="start"), "previous_start").select("start", *names)
    labels = extend(labels, before.mutate(old=True), "start", *names)
    # Of two sets of labels in one interval, the newer is the one that the interval before did not see.
    newer = labels.old.isnull()
    labels = labels.filter(newer | ~newer.any().over(ibis.window(group_by=list(NODE))))
    spot = (
        (labels.label_karpenter_sh_capacity_type.lower() == "spot")
        | (labels.label_eks_amazonaws_com_capacity_type.lower() == "spot")
        | (labels.label_cloud_google_com_gke_spot == "true")
        | (labels.label_cloud_google_com_gke_preemptible == "true")
        | (labels.label_kubernetes_azure_com_scalesetpriority.lower() == "spot")
    )
    return labels.group_by(*NODE).agg(
        pool=ibis.coalesce(*(labels[label].max().nullif("") for label in POOLS), ""),
        instance_type=labels.label_node_kubernetes_io_instance_type.max(),
        region=labels.label_topology_kubernetes_io_region.max(),
        zone=labels.label_topology_kubernetes_io_zone.max(),
        spot_label=spot.any(),
    )


def node_holdings(rows: ir.Table) -> ir.Table:
    """``rows`` of ``node_runs`` with cpu_capacity [cores], ram_capacity [B], gpu_capacity [devices] and labels.

    A node that was replaced within the interval has what was seen before it.
    """
    rows = extend(rows, rows.group_by(*NODE).agg(ids=rows.provider_id.nunique()), *NODE)
    for known in (_capacity(), _node_labels()):
        told = [column for column in known.columns if column not in NODE]
        before = known.rename(previous_start="start", **{f"{name}_before": name for name in told})
        rows = extend(extend(rows, known, *NODE), before, "previous_start", "node")
        replaced = rows.older & (rows.ids > 1)
        rows = rows.mutate(**{name: ibis.ifelse(replaced, rows[f"{name}_before"], rows[name]) for name in told})
        rows = rows.drop(*(f"{name}_before" for name in told))
    return rows.mutate(**{f"{name}_capacity": rows[f"{name}_capacity"].fill_null(0.0) for name in RESOURCES})


def _capacity() -> ir.Table:
    """What each node holds at the end of each interval, or of its life within it."""
    capacity = samples("node_capacity")
    return capacity.group_by(*NODE).agg(
        **{
            f"{name}_capacity": ibis.ifelse(capacity.resource == spelled, capacity.value, 0.0).sum()
            for name, spelled in CAPACITY.items()
        },
        gpu_capacity=ibis.ifelse(is_gpu(capacity.resource), capacity.value * gpu_devices(capacity.resource), 0.0).sum(),
    )


def _overhead(rows: ir.Table) -> ir.Table:
    """``rows`` with ``tables.OVERHEAD``, 0 where nobody tells what of a node is allocatable."""
    told = samples("node_allocatable")
    kept = told.group_by("node").agg(
        **{
            f"{name}_allocatable": told["value"].max(where=told.resource == spelled)
            for name, spelled in CAPACITY.items()
        }
    )
    rows = extend(rows, kept, "node")
    free = {name: rows[f"{name}_capacity"] - rows[f"{name}_allocatable"] for name in CAPACITY}
    return rows.mutate(
        **{f"{name}_overhead": ibis.greatest(one, 0.0).fill_null(0.0) * rows.run_seconds for name, one in free.items()}
    )


def node_prices(rows: ir.Table, prices: Prices = NO_PRICES) -> ir.Table:
    """``rows`` of ``node_holdings`` with provider, spot, ``tables.OVERHEAD``, the labels that ``prices`` ask for, and what metrics say of the price."""
    keys = rows.select(*KEY)
    for metric in (*(f"node_{name}_rate" for name in (*RESOURCES, "total")), "node_spot"):
        rows = extend(rows, _best_fit(keys, metric), *KEY)
    rows = rows.mutate(
        provider=provider_of(rows.provider_id),
        spot=rows.spot_label.fill_null(ibis.literal(value=False)) | (rows.node_spot.fill_null(0.0) > 0),
        **{name: rows[name].fill_null("") for name in ("instance_type", "region", "zone", "pool")},
        **{f"{name}_quantity": rows[f"{name}_capacity"] * rows.run_seconds for name in RESOURCES},
    )
    rows = _overhead(rows)
    said = samples("labels_of_nodes")
    for key in prices.label_keys:
        values = said.filter(said.key == key).group_by("node").agg(**{label_column(key): said.label_value.max()})
        rows = extend(rows, values, "node")
    return rows


def node_rates(rows: ir.Table, prices: Prices = NO_PRICES) -> ir.Table:
    """``rows`` of ``node_prices`` with cpu_rate, ram_rate, gpu_rate [currency per core-, GiB-, GPU-hour] and their source.

    Also what the rates are without ``prices``, such as cpu_base_rate, and ``discount`` [0 to 1].
    """
    defaults = {name: default_rate(name, rows.provider, rows.spot) for name in RESOURCES}
    quantities = [rows[f"{name}_capacity"] for name in RESOURCES]
    rows = rows.mutate(factor=whole_node_factor(rows.node_total_rate, quantities, list(defaults.values())))
    known = rows.node_cpu_rate.notnull() & rows.node_ram_rate.notnull()
    rows = rows.mutate(
        **{
            f"{name}_base_rate": ibis.ifelse(
                known,
                rows[f"node_{name}_rate"].fill_null(defaults[name]),
                defaults[name] * rows.factor.fill_null(1.0),
            )
            for name in RESOURCES
        },
        base_source=ibis.cases((known, "metrics"), (rows.factor.notnull(), "metrics, whole node"), else_="default"),
    ).drop("factor")
    rows = with_rules(rows, prices)
    return rows.mutate(
        **{f"{name}_rate": rows[f"{name}_rule_rate"].fill_null(rows[f"{name}_base_rate"]) for name in RESOURCES},
        rate_source=rows.rule_source.nullif("").fill_null(rows.base_source),
    )


def _best_fit(nodes: ir.Table, name: str) -> ir.Table:
    """The metric ``name`` of each node. Exporters may shorten the provider id: the row whose id fits best counts."""
    pairs = nodes.join(samples(name).rename(metric_id="provider_id"), [*NODE])
    fit = ibis.cases(
        (pairs.provider_id == pairs.metric_id, 2),
        ((pairs.metric_id != "") & pairs.provider_id.endswith(pairs.metric_id), 1),
        else_=0,
    )
    pairs = pairs.mutate(fit=fit)
    return pairs.group_by(*KEY).agg(**{name: pairs["value"].argmax(pairs.fit)})
