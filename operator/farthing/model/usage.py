"""C2: what each container used in each interval: cpu [core-s] and the mean working set [B].

The cpu counter's growth is the last sample of this interval less the last of the interval before, so that nothing is
extrapolated and nothing is lost between intervals. cAdvisor's ``id`` is the cgroup of one run of the container: a new one
begins at 0. The samples end up to one scrape before the container does; that tail is filled at the mean rate, from the
node's scrape times and the container's end.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.tables import CONTAINER_KEY, extend, identities, samples

POD_UID = "pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12})"
"""The pod's uid in a cgroup path: with dashes under cgroupfs, with underscores under systemd."""


def container_usage(pace: ir.Table, run: ir.Table) -> ir.Table:
    """What each container of ``run`` used in each interval.

    Columns: start, container_no, cpu_used [core-s], ram_mean [B], cpu_largest [cores] and ram_largest [B] of any of its
    cgroups, usage_scrapes (memory samples seen).
    """
    cgroups = extend(_cgroup_samples(pace), _containers_by_path(), "cgroup_no")
    cgroups = extend(cgroups, _containers_by_name(run), "start", "cgroup_no")
    cgroups = cgroups.mutate(container_no=cgroups.container_no.fill_null(cgroups.named_no))
    cgroups = cgroups.join(run.select("start", "container_no", "node", "started"), ["start", "container_no"])
    cgroups = _with_growth(cgroups)
    summed = cgroups.group_by("start", "container_no").agg(
        growth=cgroups.growth.sum(),
        carried_seconds=cgroups.carried_seconds.max(),
        scraped_at=cgroups.scraped_at.max(),
        ram_sum=cgroups.ram_sum.sum(),
        usage_scrapes=cgroups.ram_scrapes.sum(),
        cpu_largest=cgroups.cpu_largest.max(),
        ram_largest=cgroups.ram_largest.max(),
    )
    rows = run.join(summed, ["start", "container_no"]).join(pace.select("start", "usage_interval"), "start")
    # All containers of a node are scraped at once: those that live on tell when.
    on_node = ibis.window(group_by=["start", "node"])
    after_last_scrape = _modulo(rows.run_end - rows.scraped_at.max().over(on_node), rows.usage_interval)
    unseen = ibis.ifelse(rows.run_end < rows.interval_end, after_last_scrape, 0.0).fill_null(0.0)
    rows = rows.mutate(unseen=unseen, spanned=rows.run_seconds + rows.carried_seconds)
    return rows.select(
        "start",
        "container_no",
        cpu_used=ibis.ifelse(
            rows.spanned > rows.unseen, rows.growth * rows.spanned / (rows.spanned - rows.unseen), rows.growth
        ),
        ram_mean=rows.ram_sum / rows.usage_scrapes.nullif(0.0),
        cpu_largest=rows.cpu_largest,
        ram_largest=rows.ram_largest,
        usage_scrapes=rows.usage_scrapes,
    )


def _cgroup_samples(pace: ir.Table) -> ir.Table:
    """What was seen of each cgroup in each interval: its cpu counter [core-s], also in the interval before, and its memory."""
    last = samples("cpu_last", "last")
    before = last.rename(previous_start="start", before="last")
    scraped = samples("cpu_scraped", "scraped_at")
    rows = last.join(pace.select("start", "previous_start"), "start")
    rows = extend(rows, before, "cgroup_no", "previous_start")
    rows = extend(
        rows, scraped.rename(previous_start="start", scraped_before="scraped_at"), "cgroup_no", "previous_start"
    )
    rows = extend(rows, scraped, "start", "cgroup_no")
    for name in ("cpu_first", "cpu_reset_growth", "cpu_largest", "ram_sum", "ram_scrapes", "ram_largest"):
        rows = extend(rows, samples(name, name), "start", "cgroup_no")
    return rows.mutate(
        carried_seconds=ibis.greatest(rows.start - rows.scraped_before, 0.0).fill_null(0.0),
        ram_sum=rows.ram_sum.fill_null(0.0),
        ram_scrapes=rows.ram_scrapes.fill_null(0.0),
    )


def _with_growth(cgroups: ir.Table) -> ir.Table:
    """``cgroups`` with the growth of each counter [core-s]; they tell their node and when their container started."""
    # A cgroup that was not seen in the interval before counts from 0 if its container has begun since its node was last
    # seen. Else nobody looked: its past is unknown, and only what was seen to grow within the interval counts; from 0, a
    # kubelet back after hours would charge its pods' whole lives.
    looked = cgroups.before.notnull().any().over(ibis.window(group_by=["start", "node"]))
    # Of a container that was restarted, only the start of its last run is known.
    alone = cgroups.count().over(ibis.window(group_by=["start", "container_no"])) == 1
    began = ibis.ifelse(
        looked,
        (cgroups.started >= cgroups.previous_start).fill_null(ibis.literal(value=True)),
        ((cgroups.started >= cgroups.start) & alone).fill_null(ibis.literal(value=False)),
    )
    past = cgroups.before.fill_null(ibis.ifelse(began, 0.0, cgroups.cpu_first))
    # A counter below what it was in the interval before began anew between the two.
    growth = ibis.ifelse(cgroups["last"] < past, cgroups["last"], cgroups["last"] - past)
    return cgroups.mutate(growth=cgroups.cpu_reset_growth.fill_null(growth))


def _containers_by_path() -> ir.Table:
    """The container of each cgroup whose path holds the uid of a pod that kube-state-metrics knows."""
    cgroups = identities("cgroup_no")
    named = cgroups.mutate(uid=cgroups.id.re_extract(POD_UID, 1).replace("_", "-"))
    return named.join(identities("container_no"), [*CONTAINER_KEY]).select("cgroup_no", "container_no")


def _containers_by_name(run: ir.Table) -> ir.Table:
    """For cgroups whose path tells no pod, in each interval the container of that name that ran longest."""
    cgroups = extend(identities("cgroup_no"), _containers_by_path(), "cgroup_no")
    unknown = cgroups.filter(cgroups.container_no.isnull()).drop("container_no")
    named = unknown.join(identities("container_no"), ["namespace", "pod", "container"])
    pairs = named.select("cgroup_no", "container_no").join(run, "container_no")
    return pairs.group_by("start", "cgroup_no").agg(named_no=pairs.container_no.argmax(pairs.run_seconds))


def _modulo(value: ir.FloatingValue, by: ir.FloatingValue) -> ir.FloatingValue:
    """The part of ``value`` beyond the last whole multiple of ``by``, never negative."""
    return value - (value / by).floor() * by
