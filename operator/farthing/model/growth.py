"""How much counters grew in each interval.

The growth is the last sample of this interval less the last of the interval before, so that nothing is extrapolated and
nothing is lost between intervals. The samples end up to one scrape before what is counted does; that tail is filled at the
mean rate, from the scrape times of its node and its own end.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.sampled import samples
from farthing.model.tables import extend


def counters(pace: ir.Table, name: str, scraped: str = "") -> ir.Table:
    """Each counter of the samples ``name`` in each interval; when it was scraped is that of the samples ``scraped``, if given.

    Columns: start, previous_start, what tells the counter from others, last, before (the last of the interval before), first
    (the least), reset_growth, scraped_at (the last time, if it was there until the interval's end) [unix s] and
    carried_seconds (from the last scrape of the interval before to the start) [s].
    """
    last = samples(f"{name}_last", "last")
    key = [column for column in last.columns if column not in {"start", "last"}]
    times = samples(f"{scraped or name}_scraped", "scraped_at")
    rows = last.join(pace.select("start", "previous_start"), "start")
    rows = extend(rows, last.rename(previous_start="start", before="last"), *key, "previous_start")
    rows = extend(rows, times.rename(previous_start="start", scraped_before="scraped_at"), *key, "previous_start")
    rows = extend(rows, times, "start", *key)
    for part in ("first", "reset_growth"):
        rows = extend(rows, samples(f"{name}_{part}", part), "start", *key)
    return rows.mutate(carried_seconds=ibis.greatest(rows.start - rows.scraped_before, 0.0).fill_null(0.0))


def with_growth(rows: ir.Table, certain: ir.BooleanValue) -> ir.Table:
    """``rows`` of ``counters`` with the growth of each, in its own unit.

    They tell their node and when what they count started; ``certain`` is whether the counter can be no older than that.
    """
    # A counter that was not seen in the interval before counts from 0 if what it counts has begun since its node was last
    # seen. Else nobody looked: its past is unknown, and only what was seen to grow within the interval counts; from 0, a
    # kubelet back after hours would charge its pods' whole lives.
    looked = rows.before.notnull().any().over(ibis.window(group_by=["start", "node"]))
    began = ibis.ifelse(
        looked,
        (rows.started >= rows.previous_start).fill_null(ibis.literal(value=True)),
        ((rows.started >= rows.start) & certain).fill_null(ibis.literal(value=False)),
    )
    past = rows.before.fill_null(ibis.ifelse(began, 0.0, rows.first))
    # A counter below what it was in the interval before began anew between the two.
    growth = ibis.ifelse(rows["last"] < past, rows["last"], rows["last"] - past)
    return rows.mutate(growth=rows.reset_growth.fill_null(growth))


def with_tail(rows: ir.Table, seconds: ir.FloatingValue, *grown: str) -> ir.Table:
    """``rows`` with what no scrape saw at their ends filled into the columns ``grown``, of which they tell the growth.

    They were there for ``seconds`` of the interval, and have node, run_end, interval_end, scraped_at, carried_seconds and
    usage_interval, the time from one scrape to the next [s].
    """
    # All on a node are scraped at once: those that live on tell when.
    on_node = ibis.window(group_by=["start", "node"])
    after_last_scrape = _modulo(rows.run_end - rows.scraped_at.max().over(on_node), rows.usage_interval)
    unseen = ibis.ifelse(rows.run_end < rows.interval_end, after_last_scrape, 0.0).fill_null(0.0)
    rows = rows.mutate(unseen=unseen, spanned=seconds + rows.carried_seconds)
    filled = {name: rows[name] * rows.spanned / (rows.spanned - rows.unseen) for name in grown}
    return rows.mutate(
        **{name: ibis.ifelse(rows.spanned > rows.unseen, filled[name], rows[name]) for name in grown},
    )


def _modulo(value: ir.FloatingValue, by: ir.FloatingValue) -> ir.FloatingValue:
    """The part of ``value`` beyond the last whole multiple of ``by``, never negative."""
    return value - (value / by).floor() * by
