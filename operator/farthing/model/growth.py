"""How much counters grew in each interval.

The growth is the last sample of this interval less the last of the interval before, so that nothing is extrapolated and
nothing is lost between intervals. The samples end up to one scrape before what is counted does; that tail is filled at the
mean rate, from the scrape times of its node and its own end.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.sampled import samples


def counters(pace: ir.Table, name: str, scraped: str, *beside: str) -> ir.Table:
    """Each counter of the samples ``name`` in each interval; when it was scraped is that of ``scraped``.

    Columns: start, previous_start, what tells the counter from others, last, before (the last of the interval before), first
    (the least), reset_growth, scraped_at (the last time, if it was there until the interval's end) [unix s],
    carried_seconds (from the last scrape of the interval before to the start) [s], and the samples ``beside``.
    """
    last, times = samples(f"{name}_last"), samples(f"{scraped}_scraped")
    key = [column for column in last.columns if column != "value"]
    rows = _side_by_side(
        key,
        last=last,
        before=_in_next(pace, last),
        scraped_at=times,
        scraped_before=_in_next(pace, times),
        first=samples(f"{name}_first"),
        reset_growth=samples(f"{name}_reset_growth"),
        **{each: samples(each) for each in beside},
    )
    rows = rows.filter(rows["last"].notnull()).join(pace.select("start", "previous_start"), "start")
    return rows.mutate(carried_seconds=ibis.greatest(rows.start - rows.scraped_before, 0.0).fill_null(0.0))


def _in_next(pace: ir.Table, rows: ir.Table) -> ir.Table:
    """Samples as what the interval after theirs calls before."""
    following = pace.select(following="start", start="previous_start")
    return rows.join(following, "start").drop("start").rename(start="following")


def _side_by_side(key: list[str], **parts: ir.Table) -> ir.Table:
    """The value of each of ``parts`` as a column of that name: one has a row for a key at most.

    Grouping takes a fraction of the memory that a join for each of them does.
    """
    rows = ibis.union(
        *(part.select(*key, "value", part=ibis.literal(place, "int8")) for place, part in enumerate(parts.values())),
        distinct=False,
    )
    values = {name: rows["value"].max(where=rows.part == place) for place, name in enumerate(parts)}
    return rows.group_by(*key).agg(**values)


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
