"""C5: what volumes cost, and who mounts them when.

A volume costs bytes x rate x time. At each moment its cost is that of the pods that mount its claim then, in equal parts;
of none, it is unmounted. A pod mounts from the start of its first container to the end of its last one.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.asset import other_assets
from farthing.model.mounting import KEY, mounts, shares
from farthing.model.prices import NO_PRICES, Prices
from farthing.model.pricing import storage_rates
from farthing.model.rates import provider_of, provider_of_driver, volume_rate, volume_rate_source
from farthing.model.runtime import exact_or_counted
from farthing.model.sampled import POD_KEY, samples
from farthing.model.tables import GIB, HOUR, UNMOUNTED, VOLUME, extend

PV = ("start", "persistentvolume")
CLAIM = ("start", "claim_namespace", "claim")

DISK = {
    "start": "int64",
    "seconds": "float64",
    "volume_name": "string",
    "claim_namespace": "string",
    "claim": "string",
    "storage_class": "string",
    "provider": "string",
    "provider_id": "string",
    "rate_source": "string",
    "base_source": "string",
    "run_start": "float64",
    "run_end": "float64",
    "run_seconds": "float64",
    "pv_quantity": "float64",
    "pv_used": "float64",
    "pv_used_max": "float64",
    "pv_rate": "float64",
    "pv_base_rate": "float64",
    "pv_cost": "float64",
    "pv_saving": "float64",
}


def disks(pace: ir.Table, prices: Prices = NO_PRICES) -> ir.Table:
    """Each volume in each interval: columns ``DISK``; claim and its namespace are empty where it has none.

    pv_quantity and pv_used are B-s, pv_used_max B; used is what the kubelet of a pod that mounts it sees. Rates are per
    GiB-hour; pv_base_rate is that without ``prices``.
    """
    rows = extend(_runs(pace), samples("pv_bytes", "bytes"), *PV)
    rows = extend(rows, _told_rates(), *PV)
    rows = extend(rows, _claims(), *PV)
    rows = extend(rows, _used(), *CLAIM)
    rows = extend(rows, _infos(), "persistentvolume")
    rows = rows.mutate(
        provider=_first(rows.provider, provider_of(_first(rows.provider_id, rows.told_id))),
        pv_quantity=rows.bytes.fill_null(0.0) * rows.run_seconds,
        pv_used=rows.used.fill_null(0.0) * rows.run_seconds,
        pv_used_max=rows.largest.fill_null(0.0),
        storage_class=_first(rows.storage_class, rows.claim_class),
    )
    rate, source = storage_rates(prices, rows.start, rows.storage_class)
    rows = rows.mutate(
        pv_rate=rate.fill_null(volume_rate(rows.told)),
        pv_base_rate=volume_rate(rows.told),
        rate_source=ibis.ifelse(rate.isnull(), volume_rate_source(rows.told), source),
        base_source=volume_rate_source(rows.told),
    )
    gib_hours = rows.pv_quantity / (GIB * HOUR)
    return rows.mutate(
        volume_name=rows.persistentvolume,
        claim_namespace=rows.claim_namespace.fill_null(""),
        claim=rows.claim.fill_null(""),
        provider_id=_first(rows.provider_id, rows.told_id),
        pv_cost=gib_hours * rows.pv_rate,
        pv_saving=gib_hours * rows.pv_base_rate - gib_hours * rows.pv_rate,
    ).select(*DISK)


def volumes(cluster: str, charged: ir.Table, disk: ir.Table) -> ir.Table:
    """What each container of ``charged`` is charged for each volume of ``disk``, columns ``tables.VOLUME``.

    The time that no pod mounts a volume is a row whose pod and container are ``UNMOUNTED``, in the namespace of its claim
    or, without one, in a namespace of that name; its run times are those during which nobody mounted it.
    """
    mounted = mounts(charged, disk)
    by_pod, by_none = shares(mounted, disk)
    pod = ("start", *POD_KEY)
    together = charged.group_by(*pod).agg(together=charged.run_seconds.sum())
    held = charged.join(together, list(pod)).join(by_pod, list(pod))
    held = held.mutate(share=held.share * held.run_seconds / held.together)
    held = held.join(disk.select(*KEY, "claim", "storage_class", "pv_quantity", "pv_rate", "pv_base_rate"), list(KEY))
    free = disk.drop("run_start", "run_end", "run_seconds", "provider_id").join(by_none, list(KEY))
    free = free.mutate(
        cluster=ibis.literal(cluster),
        namespace=ibis.ifelse(free.claim == "", UNMOUNTED, free.claim_namespace),
        pod=ibis.literal(UNMOUNTED),
        container=ibis.literal(UNMOUNTED),
        **dict.fromkeys(("node", "provider_id", "uid", "controller_kind", "controller"), ibis.literal("")),
    )
    parts = [rows.mutate(byte_seconds=rows.pv_quantity * rows.share) for rows in (held, free)]
    return ibis.union(*(_with_cost(rows).select(*VOLUME) for rows in parts), distinct=False)


def _with_cost(rows: ir.Table) -> ir.Table:
    gib_hours = rows.byte_seconds / (GIB * HOUR)
    cost = gib_hours * rows.pv_rate
    return rows.mutate(cost=cost, saving=gib_hours * rows.pv_base_rate - cost)


def disk_assets(cluster: str, disk: ir.Table) -> ir.Table:
    """Each of ``disk`` as an asset, columns ``tables.ASSET``."""
    return other_assets(disk.rename(name="volume_name"), cluster, "Disk", "Storage")


def _runs(pace: ir.Table) -> ir.Table:
    """When each volume was there in each interval (C1): from its creation where known, counted by scrapes else.

    Columns: start, persistentvolume, seconds, run_seconds [s], run_start and run_end [unix s].
    """
    seen = samples("pv_scrapes", "seen")
    rows = extend(
        seen.join(pace, "start"),
        seen.rename(previous_start="start", before="seen"),
        "persistentvolume",
        "previous_start",
    )
    rows = extend(rows, samples("pv_created", "created"), *PV)
    # The creation is that of the newest volume of a name: one seen in the interval before began before this one.
    created = ibis.ifelse(rows.before.isnull(), rows.created, ibis.null("float64"))
    rows = rows.mutate(began=ibis.greatest(created.fill_null(0.0), rows.start.cast("float64")))
    counted = ibis.least(rows.state_interval * rows.seen, rows.seconds)
    exact = ibis.greatest(rows.interval_end - rows.began, 0.0)
    rows = rows.mutate(run_seconds=exact_or_counted(counted, exact, rows.state_interval))
    latest = rows.interval_end - rows.run_seconds
    # What came at an unknown time is taken to have stayed; what was there before, or came at a known time, to have gone.
    came = rows.before.isnull() & rows.created.isnull()
    rows = rows.mutate(run_start=ibis.ifelse(came, latest, ibis.least(rows.began, latest)))
    return rows.filter(rows.run_seconds > 0).select(
        *PV,
        "seconds",
        "run_seconds",
        "run_start",
        run_end=ibis.least(rows.run_start + rows.run_seconds, rows.interval_end),
    )


def _told_rates() -> ir.Table:
    """What OpenCost's exporter tells of each volume: told [currency per GiB-hour] and told_id, its provider id."""
    rates = samples("pv_rate", "told")
    rates = rates.mutate(persistentvolume=_first(rates.persistentvolume, rates.volumename))
    # Versions of the exporter label the volume one way, the other or both: several rows of one volume are one rate.
    return rates.group_by(*PV).agg(told=rates.told.mean(), told_id=rates.provider_id.max())


def _claims() -> ir.Table:
    """The claim bound to each volume in each interval; of two, the one seen longer."""
    claims = samples("claim_scrapes", "seen")
    order = ibis.window(
        group_by=("start", "volumename"),
        order_by=[ibis.desc(claims.seen), claims.namespace, claims.persistentvolumeclaim, claims.storageclass],
    )
    claims = claims.mutate(place=ibis.row_number().over(order))
    return claims.filter(claims.place == 0).select(
        "start",
        persistentvolume=claims.volumename,
        claim_namespace=claims.namespace,
        claim=claims.persistentvolumeclaim,
        claim_class=_class(claims.storageclass),
    )


def _used() -> ir.Table:
    """How much of the volume of each claim was used: used, the mean, and largest. [B]"""
    mean, largest = samples("pv_used", "used"), samples("pv_used_largest", "largest")
    rows = extend(mean, largest, "start", "namespace", "persistentvolumeclaim")
    return rows.rename(claim_namespace="namespace", claim="persistentvolumeclaim")


def _infos() -> ir.Table:
    """Storage class, provider and provider id of each volume, as far as Kubernetes knows them."""
    infos = samples("pv_info")
    ids = ("csi_volume_handle", "ebs_volume_id", "gce_persistent_disk_name", "azure_disk_name")
    told = ("storageclass", "csi_driver", *ids)
    infos = infos.group_by("persistentvolume").agg(**{label: infos[label].max() for label in told})
    built_in = ibis.cases(
        (infos.ebs_volume_id != "", "AWS"),
        (infos.gce_persistent_disk_name != "", "GCP"),
        (infos.azure_disk_name != "", "Azure"),
        else_="",
    )
    return infos.select(
        "persistentvolume",
        storage_class=_class(infos.storageclass),
        provider=_first(provider_of_driver(infos.csi_driver), built_in),
        provider_id=_first(*(infos[label] for label in ids)),
    )


def _class(storage_class: ir.StringValue) -> ir.StringValue:
    """kube-state-metrics' word for no storage class is ``<none>``; here it is empty."""
    return storage_class.nullif("<none>").fill_null("")


def _first(*texts: ir.StringValue) -> ir.StringValue:
    """The first of ``texts`` that is not empty."""
    return ibis.coalesce(*(text.nullif("") for text in texts), "")
