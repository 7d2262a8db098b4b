"""``farthing store``."""

import re
from pathlib import Path

import click

from farthing.cli.bills import state_of
from farthing.cli.failure import FAILED, INCOMPLETE
from farthing.cli.options import CONTEXT, STORE, common
from farthing.cli.progress import bar
from farthing.cli.show import print_columns
from farthing.errors import InvalidInputError, NoDataError, StoreError
from farthing.resources.text import percent_text
from farthing.settings import Settings
from farthing.store.bills import Bills
from farthing.store.days import Store

OLDER = "of an older Farthing: not read, left alone; 'farthing collect' replaces it if Prometheus still has each of its hours"


@click.group("store", context_settings=CONTEXT)
def command() -> None:
    """Look after the store."""


@command.command("reprice")
@click.option(
    "--from", "since", required=True, metavar="DATE", help="First day, in the store's timezone, such as 2026-11-01."
)
@common
def reprice(settings: Settings, since: str) -> None:
    """Give stored costs the rates of --prices, from stored quantities and without Prometheus.

    Without --prices they go back to what metrics and list prices said. Days are replaced one by one; a run that was broken
    off goes on where it stopped. Days that were made with what --prices says of their hours stay as they are, and so do those
    of other clusters. A day whose hours are gone takes, if anything that holds on it changed, the prices of its first instant,
    in the store's timezone. A day that cannot be read stays as it was, and is told of once all others are done.
    """
    from farthing.store.repricing import reprice as reprice_days

    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", since):
        raise InvalidInputError(f"--from {since!r} is no date: write it as 2026-11-01")
    kept = Store(settings.store, settings.timezone)
    with bar("reprice") as progress:
        changed, found = reprice_days(kept, settings.cluster, since, settings.prices, progress)
    if not found:
        raise NoDataError(
            f"nothing is stored of cluster {settings.cluster!r} from {since} on: see 'farthing store verify'"
        )
    click.echo(f"{changed} of {found} days have other costs than before; the others had these prices already")


@command.command("verify")
@STORE[0]
@STORE[1]
def verify(store: Path, cluster: str) -> None:
    """Check every file against its hash, bills' too, and show what each day holds and how much of it was seen."""
    rows, broken, poor = [], 0, 0
    kept = Store(store)
    for manifest in kept.manifests(cluster):
        state = "good"
        try:
            for file in manifest.files:
                kept.verified(file)
        except StoreError as error:
            state, broken = str(error), broken + 1
        seconds = sum(one.seconds for one in manifest.coverage)
        share = sum(one.share * one.seconds for one in manifest.coverage) / seconds if seconds else 0.0
        missing = sorted({metric for one in manifest.coverage for metric in one.missing})
        hours = f"{sum(1 for one in manifest.coverage if one.complete)}/{len(manifest.coverage)}"
        poor += any(not one.complete for one in manifest.coverage)
        rows.append([manifest.date, hours, percent_text(min(1.0, share)), ",".join(missing) or "-", state])
    older = kept.older(cluster)
    rows += [[date, "-", "-", "-", OLDER] for date in older]
    days, bills = len(rows), Bills(store)
    for bill in bills.all():
        state = state_of(bills, bill)
        broken += state != "good"
        rows.append([bill.id, "-", "-", "-", state])
    rows.sort()
    print_columns(["DATE", "COMPLETE HOURS", "SEEN", "MISSING METRICS", "FILES"], rows)
    if broken:
        raise click.exceptions.Exit(FAILED)
    if poor or older or not days:
        raise click.exceptions.Exit(INCOMPLETE)
