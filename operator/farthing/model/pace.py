"""How often the sources were scraped in each interval: what counts of scrapes are measured by."""

import ibis
import ibis.expr.types as ir

from farthing.model.sampled import identities, samples
from farthing.model.tables import extend, table

OF_STATE = ("state_scrapes", "node_scrapes", "running")
"""Tables that count what scrapes of kube-state-metrics saw of a thing."""


def paces() -> ir.Table:
    """The intervals, with how they were scraped.

    Columns: start, seconds, previous_start, interval_end [unix s]; state_scrapes and usage_scrapes (of kube-state-metrics
    and of the most diligent cAdvisor); state_interval and usage_interval (from one scrape to the next) [s], null where
    there were none.
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
    return rows.mutate(
        state_interval=rows.seconds / rows.state_scrapes.nullif(0.0),
        usage_interval=rows.seconds / rows.usage_scrapes.nullif(0.0),
    )


def _of_containers() -> ir.Table:
    """The most samples of one container: each time it is restarted it has a cgroup of its own."""
    container = ["namespace", "pod", "container"]
    seen = samples("ram_scrapes").join(identities("cgroup_no").select("cgroup_no", *container), "cgroup_no")
    seen = seen.group_by("start", *container).agg(seen=seen["value"].sum())
    return seen.group_by("start").agg(of_containers=seen.seen.max())
