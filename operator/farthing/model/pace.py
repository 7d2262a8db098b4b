"""How often the sources were scraped in each interval: what counts of scrapes are measured by."""

import ibis
import ibis.expr.types as ir

from farthing.model.coverage import ENOUGH_SCRAPES, MEMORY
from farthing.model.sampled import identities, samples
from farthing.model.tables import extend, table

OF_STATE = ("state_scrapes", "node_scrapes", "running")
"""Tables that count what scrapes of kube-state-metrics saw of a thing."""

SAME_PACE = 1.5
"""How much longer the time between two scrapes is at most, by their count, where some were missed; else the pace is another."""


def paces() -> ir.Table:
    """The intervals, with how they were scraped.

    Columns: start, seconds, previous_start, interval_end [unix s]; state_scrapes and usage_scrapes (of kube-state-metrics
    and of the most diligent cAdvisor); state_interval and usage_interval (from one scrape to the next) [s], null where
    there were none. The first is the mean of the interval, the second that of a time when none was missed, if one is near.
    """
    rows = table("hours")
    # Each of these may come and go: what was there all the time was seen by every scrape.
    for name in (*OF_STATE, "ram_scrapes"):
        seen = samples(name)
        rows = extend(rows, seen.group_by("start").agg(**{name: seen["value"].max()}), "start")
    rows = extend(rows, _of_containers(), "start")
    rows = rows.mutate(
        interval_end=rows.start + rows.seconds,
        state_scrapes=ibis.greatest(*(rows[name].fill_null(0.0) for name in OF_STATE)),
    )
    # Two cgroups of a container may be shown by one scrape, so that their sum counts it twice.
    together = ibis.least(rows.of_containers.fill_null(0.0), rows.state_scrapes)
    rows = rows.mutate(usage_scrapes=ibis.greatest(rows.ram_scrapes.fill_null(0.0), together))
    rows = rows.drop("node_scrapes", "running", "ram_scrapes", "of_containers")
    rows = rows.mutate(state_interval=rows.seconds / rows.state_scrapes.nullif(0.0))
    return extend(rows, _usage_intervals(rows), "start")


def _usage_intervals(rows: ir.Table) -> ir.Table:
    """From one scrape of cAdvisor to the next in each of ``rows``: columns start and usage_interval [s].

    Scrapes that are missed make the mean too long: the shortest near it counts, unless it is of another pace.
    """
    seen = samples("ram_scrapes")
    seen = seen.group_by("start").agg(scrapes=seen["value"].max())
    # The interval before the first is there for this alone.
    before = rows.filter(rows.start == rows.start.min().as_scalar())
    before = before.select(start="previous_start", seconds=(rows.start - rows.previous_start).cast("float64"))
    near = ibis.union(rows.select("start", "seconds"), before, distinct=False).join(seen, "start")
    near = near.filter(near.scrapes >= ENOUGH_SCRAPES).select(at="start", shortest=near.seconds / near.scrapes)
    shown = rows.select("start", mean=rows.seconds / rows.usage_scrapes.nullif(0.0))
    close = [(shown.start - near.at).abs() <= MEMORY, near.shortest * SAME_PACE >= shown["mean"]]
    found = shown.left_join(near, close)
    found = found.group_by("start").agg(mean=found["mean"].min(), shortest=found.shortest.min())
    return found.select("start", usage_interval=ibis.least(found["mean"], found.shortest.fill_null(found["mean"])))


def _of_containers() -> ir.Table:
    """The most samples of one container: each time it is restarted it has a cgroup of its own."""
    container = ["namespace", "pod", "container"]
    seen = samples("ram_scrapes").join(identities("cgroup_no").select("cgroup_no", *container), "cgroup_no")
    seen = seen.group_by("start", *container).agg(seen=seen["value"].sum())
    return seen.group_by("start").agg(of_containers=seen.seen.max())
