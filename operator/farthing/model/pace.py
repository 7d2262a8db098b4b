"""How often the sources were scraped in each interval: what counts of scrapes are measured by."""

import ibis
import ibis.expr.types as ir

from farthing.model.tables import extend, samples, table


def paces() -> ir.Table:
    """The intervals, with how they were scraped.

    Columns: start, seconds, previous_start, interval_end [unix s]; state_scrapes and usage_scrapes (of kube-state-metrics
    and of the most diligent cAdvisor); state_interval and usage_interval (from one scrape to the next) [s], null where
    there were none.
    """
    rows = extend(table("hours"), samples("state_scrapes", "scraped"), "start")
    running = samples("running")
    # A container that ran all the time was seen by every scrape; nodes come and go.
    rows = extend(rows, running.group_by("start").agg(longest=running["value"].max()), "start")
    cgroups = samples("ram_scrapes")
    usage = cgroups.group_by("start").agg(usage_scrapes=cgroups["value"].max())
    rows = extend(rows, usage, "start")
    rows = rows.mutate(
        interval_end=rows.start + rows.seconds,
        state_scrapes=ibis.greatest(rows.scraped.fill_null(0.0), rows.longest.fill_null(0.0)),
        usage_scrapes=rows.usage_scrapes.fill_null(0.0),
    ).drop("scraped", "longest")
    return rows.mutate(
        state_interval=rows.seconds / rows.state_scrapes.nullif(0.0),
        usage_interval=rows.seconds / rows.usage_scrapes.nullif(0.0),
    )
