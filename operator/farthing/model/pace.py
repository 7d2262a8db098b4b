"""How often the sources were scraped in each interval: what counts of scrapes are measured by."""

import ibis
import ibis.expr.types as ir

from farthing.model.sampled import samples
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
    rows = rows.mutate(
        interval_end=rows.start + rows.seconds,
        state_scrapes=ibis.greatest(*(rows[name].fill_null(0.0) for name in OF_STATE)),
        usage_scrapes=rows.ram_scrapes.fill_null(0.0),
    ).drop("node_scrapes", "running", "ram_scrapes")
    return rows.mutate(
        state_interval=rows.seconds / rows.state_scrapes.nullif(0.0),
        usage_interval=rows.seconds / rows.usage_scrapes.nullif(0.0),
    )
