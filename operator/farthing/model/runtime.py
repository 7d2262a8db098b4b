"""C1: how long each container ran in each interval. [s]

A container's scrapes are counted: the share of the interval's scrapes that saw it run, times the interval. That is right
on average and off by one scrape at each end of a life. Where kube-state-metrics tells when the container started and its
pod completed, those times are exact, and are used if the count agrees with them to one scrape; if it does not, the
container was restarted, or ended at a time nobody recorded, and the count stands.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.sampled import POD_KEY, identities, samples
from farthing.model.tables import extend


def exact_or_counted(
    counted: ir.FloatingValue, exact: ir.FloatingValue, scrape_interval: ir.FloatingValue
) -> ir.FloatingValue:
    """``exact`` where it agrees with ``counted`` to one scrape, else ``counted``. [s]"""
    return ibis.ifelse((exact - counted).abs() <= scrape_interval, exact, counted)


def container_runs(pace: ir.Table) -> ir.Table:
    """When each container ran in each interval of ``pace``, and on which node; those that did not run are left out.

    Columns: start, container_no, node, run_seconds [s], run_start and run_end [unix s], interval_end [unix s]; started,
    when its last run began [unix s], null where nobody tells.
    """
    running = ibis.union(samples("running", "seen"), samples("init_running", "seen"), distinct=False)
    rows = running.join(pace.select("start", "seconds", "interval_end", "state_interval"), "start")
    rows = extend(rows, samples("started", "started"), "start", "container_no")
    rows = extend(rows, _completed(), "start", "container_no")
    rows = extend(rows, _pod_started(), "container_no")
    rows = extend(rows, _nodes(), "container_no")
    rows = rows.mutate(
        node=rows.node.fill_null(""),
        counted=rows.state_interval * rows.seen,
        began=ibis.greatest(ibis.coalesce(rows.started, rows.pod_started, 0.0), rows.start.cast("float64")),
        ended=ibis.least(rows.completed.fill_null(rows.interval_end), rows.interval_end),
    )
    # A container without a start that no scrape saw has not run yet.
    waits = rows.started.isnull() & (rows.seen == 0)
    exact = ibis.ifelse(waits, 0.0, ibis.greatest(rows.ended - rows.began, 0.0))
    rows = rows.mutate(
        exact=exact,
        run_seconds=ibis.least(exact_or_counted(rows.counted, exact, rows.state_interval), rows.seconds),
    )
    # What ran longer than since its last start was restarted: it was there since its pod began, with a gap nobody dates.
    restarted = (rows.counted > rows.exact) & (rows.run_seconds != rows.exact)
    latest = ibis.least(rows.began, rows.interval_end - rows.run_seconds)
    earliest = ibis.greatest(rows.pod_started.fill_null(latest), rows.start.cast("float64"))
    rows = rows.mutate(
        run_start=ibis.cases(
            (rows.run_seconds == rows.exact, rows.began),
            (restarted, ibis.least(earliest, latest)),
            else_=latest,
        )
    )
    # What was seen after its pod had completed, so they say, ends no earlier than it ran.
    least_end = rows.run_start + rows.run_seconds
    run_end = ibis.ifelse(restarted, ibis.greatest(rows.ended, least_end), least_end)
    rows = rows.mutate(run_end=ibis.least(run_end, rows.interval_end))
    return rows.filter(rows.run_seconds > 0).select(
        "start", "container_no", "node", "run_seconds", "run_start", "run_end", "interval_end", "started"
    )


def _completed() -> ir.Table:
    """When the pod of each container ended, in each interval that tells it. [unix s]"""
    completed = samples("completed", "completed").join(identities("container_no"), [*POD_KEY])
    return completed.select("start", "container_no", "completed")


def _pod_started() -> ir.Table:
    """When the pod of each container began: of init containers nobody tells more. [unix s]"""
    pods = samples("pod_started", "pod_started").join(identities("container_no"), [*POD_KEY])
    return pods.group_by("container_no").agg(pod_started=pods.pod_started.max())


def _nodes() -> ir.Table:
    """The node of each container; a pod is reported without one until it is scheduled."""
    pods = samples("pod_node").join(identities("container_no"), [*POD_KEY])
    return pods.group_by("container_no").agg(node=pods.node.max())
