"""``farthing collect``."""

from datetime import UTC, datetime

import click

from farthing import wiring
from farthing.cli.failure import INCOMPLETE
from farthing.cli.options import common
from farthing.cli.progress import bar
from farthing.model.window import Window, parse_window
from farthing.services.collect import Collector
from farthing.settings import Settings


@click.command("collect")
@click.option("--window", default="", help="Which days: 7d, lastmonth, or START,END. Default: 7d, or --from and --to.")
@click.option("--from", "start", default="", metavar="TIME", help="First instant, as RFC 3339 or unix seconds.")
@click.option("--to", "end", default="", metavar="TIME", help="First instant after. Default: now.")
@click.option("--again", is_flag=True, help="Make hours anew that are there already.")
@common
def command(settings: Settings, window: str, start: str, end: str, *, again: bool) -> None:
    """Fill or repair the store from Prometheus.

    Days are made newest first and kept as soon as each is done, so a run that was broken off goes on where it stopped.
    What was stored is replaced only by facts that saw as much.
    """
    if bool(window) and bool(start or end):
        raise click.UsageError("give either --window or --from and --to")
    if end and not start:
        raise click.UsageError("--to needs --from")
    with wiring.prometheus(settings) as prometheus, bar("collect") as progress:
        collector = wiring.collector(settings, prometheus)
        now = datetime.fromtimestamp(collector.now(), UTC)
        asked = parse_window(f"{start},{end or now.isoformat()}" if start else window or "7d", now, settings.zone)
        made = collector.collect(asked, again=again, progress=progress)
    poor = _incomplete(collector, asked)
    click.echo(f"{made} hours made; {settings.store} now answers for {asked}")
    if poor:
        click.echo(f"farthing: {poor} hours of {asked} are incomplete: see 'farthing store verify'", err=True)
        raise click.exceptions.Exit(INCOMPLETE)


def _incomplete(collector: Collector, asked: Window) -> int:
    """Hours of ``asked`` that were not seen well enough."""
    return sum(1 for one in collector.coverage(asked) if not one.complete)
