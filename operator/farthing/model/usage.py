"""C2: what each container used in each interval: cpu [core-s] and the mean working set [B].

cAdvisor's ``id`` is the cgroup of one run of the container: its counter begins at 0 (``growth.py``).
"""

import ibis
import ibis.expr.types as ir

from farthing.model.growth import counters, seen_before, with_growth, with_tail
from farthing.model.sampled import CONTAINER_KEY, identities
from farthing.model.tables import extend

POD_UID = "pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12})"
"""The pod's uid in a cgroup path: with dashes under cgroupfs, with underscores under systemd."""


def container_usage(pace: ir.Table, run: ir.Table, seen: ir.Table) -> ir.Table:
    """What each container of ``run`` used in each interval, by what was ``seen`` of cgroups (``cgroup_samples``).

    Columns: start, container_no, cpu_used [core-s], ram_mean [B], cpu_largest [cores] and ram_largest [B] of any of its
    cgroups, usage_scrapes (memory samples seen).
    """
    cgroups = extend(seen, _containers_by_path(), "cgroup_no")
    cgroups = extend(cgroups, _containers_by_name(run), "start", "cgroup_no")
    cgroups = cgroups.mutate(container_no=cgroups.container_no.fill_null(cgroups.named_no))
    cgroups = cgroups.join(run.select("start", "container_no", "node", "started"), ["start", "container_no"])
    # Of a container that was restarted, only the start of its last run is known.
    alone = cgroups.count().over(ibis.window(group_by=["start", "container_no"])) == 1
    cgroups = with_growth(cgroups, seen_before(cgroups, "node"), alone)
    summed = cgroups.group_by("start", "container_no").agg(
        cpu_used=cgroups.growth.sum(),
        carried_seconds=cgroups.carried_seconds.max(),
        scraped_at=cgroups.scraped_at.max(),
        ram_sum=cgroups.ram_sum.sum(),
        usage_scrapes=cgroups.ram_scrapes.sum(),
        cpu_largest=cgroups.cpu_largest.max(),
        ram_largest=cgroups.ram_largest.max(),
    )
    rows = run.join(summed, ["start", "container_no"]).join(pace.select("start", "usage_interval"), "start")
    # Of what nobody tells the start, as of init containers, the end is a guess: no part of it is known to be unseen.
    rows = rows.mutate(run_end=ibis.ifelse(rows.started.isnull(), rows.interval_end, rows.run_end))
    rows = with_tail(rows, rows.run_seconds, "node", "cpu_used")
    return rows.select(
        "start",
        "container_no",
        "cpu_used",
        ram_mean=rows.ram_sum / rows.usage_scrapes.nullif(0.0),
        cpu_largest=rows.cpu_largest,
        ram_largest=rows.ram_largest,
        usage_scrapes=rows.usage_scrapes,
    )


def cgroup_samples(pace: ir.Table) -> ir.Table:
    """What was seen of each cgroup in each interval: its cpu counter [core-s] and its memory."""
    rows = counters(pace, "cpu", "cpu", "cpu_largest", "ram_sum", "ram_scrapes", "ram_largest")
    return rows.mutate(ram_sum=rows.ram_sum.fill_null(0.0), ram_scrapes=rows.ram_scrapes.fill_null(0.0))


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
