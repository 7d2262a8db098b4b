"""C5: which share of a volume's time in an interval is whose, by the exact times at which pods mount it.

Times are cut at each moment at which a pod begins or ends to mount the volume. Within each piece the number of pods does
not change, and each has an equal part of it. A pod's time is what one pod had been given at its end, less what one had
at its beginning, so that a volume of a thousand pods takes a few thousand rows and not their square.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.sampled import POD_KEY, samples
from farthing.model.tables import extend

KEY = ("start", "volume_name")
MILLISECONDS = 1000.0
"""Moments are whole milliseconds: doubles of unix seconds that mean the same may differ in their last digit. [1/s]"""


def mounts(charged: ir.Table, disk: ir.Table) -> ir.Table:
    """When each pod mounts each volume in each interval, cut to the time the volume is there; once however often it does.

    Columns: ``KEY``, namespace, pod, uid, begin and end [unix ms].
    """
    lives = charged.group_by("start", *POD_KEY).agg(
        pod_start=charged.run_start.min(),
        pod_end=charged.run_end.max(),
    )
    claims = samples("pod_claims").rename(claim="persistentvolumeclaim").select(*POD_KEY, "claim").distinct()
    there = disk.filter(disk.claim != "").rename(namespace="claim_namespace")
    there = there.select(*KEY, "namespace", "claim", "run_start", "run_end")
    pairs = lives.join(claims, [*POD_KEY]).join(there, ["start", "namespace", "claim"])
    pairs = pairs.select(
        *KEY,
        *POD_KEY,
        begin=_moment(ibis.greatest(pairs.pod_start, pairs.run_start)),
        end=_moment(ibis.least(pairs.pod_end, pairs.run_end)),
    )
    return pairs.filter(pairs.begin < pairs.end)


def shares(mounted: ir.Table, disk: ir.Table) -> tuple[ir.Table, ir.Table]:
    """The share [0 to 1] of each volume's time that each pod has, and the one that nobody has.

    The first: ``KEY``, namespace, pod, uid, share. The second, of volumes that have such time: ``KEY``, share,
    run_seconds [s], run_start and run_end [unix s], when it begins first and ends last. Those of one volume and interval
    are 1 together.
    """
    pieces = _pieces(mounted, disk)
    whole = pieces.group_by(*KEY).agg(
        lasted=pieces.width.sum(),
        unheld=pieces.unheld.sum(),
        first=pieces.at.min(where=pieces.unheld > 0),
        last=pieces.until.max(where=pieces.unheld > 0),
    )
    rows = mounted
    for edge in ("begin", "end"):
        given = pieces.rename({edge: "at", f"given_at_{edge}": "given"}).select(*KEY, edge, f"given_at_{edge}")
        rows = rows.join(given, [*KEY, edge])
    rows = rows.join(whole.select(*KEY, "lasted"), list(KEY))
    by_pod = rows.select(
        *KEY, *POD_KEY, share=ibis.greatest(rows.given_at_end - rows.given_at_begin, 0.0) / rows.lasted
    )
    # One that was there for less than a millisecond is nobody's.
    rows = extend(disk.select(*KEY, begun="run_start", ended="run_end"), whole, *KEY)
    rows = rows.filter((rows.unheld > 0) | (rows.lasted == 0))
    by_none = rows.select(
        *KEY,
        share=ibis.ifelse(rows.lasted > 0, rows.unheld / rows.lasted, 1.0),
        run_seconds=rows.unheld / MILLISECONDS,
        run_start=(rows["first"].cast("float64") / MILLISECONDS).fill_null(rows.begun),
        run_end=(rows["last"].cast("float64") / MILLISECONDS).fill_null(rows.ended),
    )
    return by_pod, by_none


def _pieces(mounted: ir.Table, disk: ir.Table) -> ir.Table:
    """The time of each volume in each interval, cut wherever the number of pods that mount it may change.

    Columns: ``KEY``, at and until [unix ms], width, unheld (the width where no pod mounts it) and given (what one pod
    that mounted it from the beginning had until ``at``) [ms]; the last piece of each has no width.
    """
    one, none = (ibis.literal(number, "int64") for number in (1, 0))
    edges = ibis.union(
        mounted.select(*KEY, at=mounted.begin, more=one),
        mounted.select(*KEY, at=mounted.end, more=-one),
        disk.select(*KEY, at=_moment(disk.run_start), more=none),
        disk.select(*KEY, at=_moment(disk.run_end), more=none),
        distinct=False,
    )
    rows = edges.group_by(*KEY, "at").agg(more=edges.more.sum())
    order = ibis.window(group_by=list(KEY), order_by="at")
    so_far = ibis.cumulative_window(group_by=list(KEY), order_by="at")
    rows = rows.mutate(until=rows.at.lead().over(order).fill_null(rows.at), pods=rows.more.sum().over(so_far))
    rows = rows.mutate(width=(rows.until - rows.at).cast("float64"))
    rows = rows.mutate(
        unheld=ibis.ifelse(rows.pods > 0, 0.0, rows.width),
        each=ibis.ifelse(rows.pods > 0, rows.width / ibis.greatest(rows.pods, 1), 0.0),
    )
    rows = rows.mutate(earned=rows.each.sum().over(so_far))
    return rows.mutate(given=rows.earned.lag().over(order).fill_null(0.0))


def _moment(time: ir.FloatingValue) -> ir.IntegerValue:
    """A time of unix seconds in whole milliseconds."""
    return (time * MILLISECONDS).round().cast("int64")
