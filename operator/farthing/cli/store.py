"""``farthing store``."""

from pathlib import Path

import click

from farthing.cli.bills import state_of
from farthing.cli.failure import FAILED, INCOMPLETE
from farthing.cli.options import CONTEXT, STORE
from farthing.cli.show import print_columns
from farthing.errors import StoreError
from farthing.resources.text import percent_text
from farthing.store.bills import Bills
from farthing.store.days import Store

OLDER = "of an older Farthing: not read, left alone; 'farthing collect' replaces it if Prometheus still has each of its hours"


@click.group("store", context_settings=CONTEXT)
def command() -> None:
    """Look after the store."""


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
