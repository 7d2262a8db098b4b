"""C2: what each container used in each interval: cpu [core-s] and the mean working set [B].

The cpu counter's growth is the last sample of this interval less the last of the interval before, so that nothing is
extrapolated and nothing is lost between intervals. cAdvisor's ``id`` is the cgroup of one run of the container: a new one
begins at 0. The samples end up to one scrape before the container does; that tail is filled at the mean rate, from the
node's scrape times and the container's end.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.tables import CONTAINER_KEY, extend, samples, table

POD_UID = "pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12})"
"""The pod's uid in a cgroup path: with dashes under cgroupfs, with underscores under systemd."""

CGROUP = ("namespace", "pod", "container", "id")


def container_usage(run: ir.Table) -> ir.Table:
    """What each container of ``run`` used in each interval.

    Columns: start, namespace, pod, uid, container, cpu_used [core-s], ram_mean [B], usage_scrapes (memory samples seen).
    """
    cgroups = _with_uid(_cgroup_growth(), run)
    summed = cgroups.group_by("start", *CONTAINER_KEY).agg(
        growth=cgroups.growth.sum(),
        carried_seconds=cgroups.carried_seconds.max(),
        weighted_ram=(cgroups.ram_mean * cgroups.ram_scrapes).sum(),
        usage_scrapes=cgroups.ram_scrapes.sum(),
    )
    rows = extend(run.join(summed, ["start", *CONTAINER_KEY]), _scrape_grid(cgroups, run), "start", "node")
    after_last_scrape = _modulo(rows.run_end - rows.scraped_at, rows.scrape_interval)
    unseen = ibis.ifelse(rows.run_end < rows.interval_end, after_last_scrape, 0.0).fill_null(0.0)
    spanned = rows.run_seconds + rows.carried_seconds
    return rows.mutate(
        cpu_used=ibis.ifelse(spanned > unseen, rows.growth * spanned / (spanned - unseen), rows.growth),
        ram_mean=rows.weighted_ram / rows.usage_scrapes.nullif(0.0),
    ).select("start", *CONTAINER_KEY, "cpu_used", "ram_mean", "usage_scrapes")


def _cgroup_growth() -> ir.Table:
    """Growth of each cgroup's cpu counter [core-s], and its memory samples, in each interval."""
    last = samples("cpu_last", "last")
    before = last.rename(previous_start="start", before="last")
    scraped_before = samples("cpu_scraped").rename(previous_start="start", scraped_before="value")
    source_before = samples("usage_scrapes").rename(previous_start="start", source_before="value")
    rows = last.join(table("hours"), "start")
    rows = extend(rows, before, *CGROUP, "previous_start")
    rows = extend(rows, scraped_before, *CGROUP, "previous_start")
    rows = extend(rows, source_before, "previous_start")
    rows = extend(rows, samples("cpu_first", "first"), "start", *CGROUP)
    rows = extend(rows, samples("cpu_reset_growth", "reset_growth"), "start", *CGROUP)
    rows = extend(rows, samples("ram_mean", "ram_mean"), "start", *CGROUP)
    rows = extend(rows, samples("ram_scrapes", "ram_scrapes"), "start", *CGROUP)
    # A cgroup that was not there while its source was being scraped has begun since: it counts from 0. Where the source
    # was not scraped either, its past is unknown, and only what was seen to grow within the interval counts.
    past = ibis.ifelse(rows.source_before.fill_null(0.0) > 0, 0.0, rows.first)
    return rows.select(
        "start",
        *CGROUP,
        growth=rows.reset_growth.fill_null(ibis.greatest(rows["last"] - rows.before.fill_null(past), 0.0)),
        carried_seconds=ibis.greatest(rows.start - rows.scraped_before, 0.0).fill_null(0.0),
        ram_mean=rows.ram_mean.fill_null(0.0),
        ram_scrapes=rows.ram_scrapes.fill_null(0.0),
    )


def _with_uid(cgroups: ir.Table, run: ir.Table) -> ir.Table:
    """``cgroups`` with the pod's uid: read from the path; where it is not in it, the pod of that name that ran longest."""
    pods = run.group_by("start", "namespace", "pod", "uid").agg(longest=run.run_seconds.max())
    by_name = pods.group_by("start", "namespace", "pod").agg(named_uid=pods.uid.argmax(pods.longest))
    by_path = pods.select("start", "namespace", "pod", "uid", path_uid="uid")
    rows = cgroups.mutate(path_uid=cgroups.id.re_extract(POD_UID, 1).replace("_", "-"))
    rows = extend(rows, by_path, "start", "namespace", "pod", "path_uid")
    rows = extend(rows, by_name, "start", "namespace", "pod")
    return rows.mutate(uid=rows.uid.fill_null(rows.named_uid))


def _scrape_grid(cgroups: ir.Table, run: ir.Table) -> ir.Table:
    """One scrape time of each node's cAdvisor in each interval [unix s] and the time between two [s]."""
    pace = table("hours").join(samples("usage_scrapes", "scrapes"), "start")
    pace = pace.select("start", scrape_interval=pace.seconds / pace.scrapes)
    scraped = samples("cpu_scraped", "scraped_at").join(cgroups, ["start", *CGROUP])
    on_node = scraped.join(run, ["start", *CONTAINER_KEY])
    return on_node.group_by("start", "node").agg(scraped_at=on_node.scraped_at.max()).join(pace, "start")


def _modulo(value: ir.FloatingValue, by: ir.FloatingValue) -> ir.FloatingValue:
    """The part of ``value`` beyond the last whole multiple of ``by``, never negative."""
    return value - (value / by).floor() * by
