"""``farthing demo``."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from farthing.cli.kubectl_view import print_description, print_table
from farthing.cli.options import CONTEXT
from farthing.cli.price_files import load_prices
from farthing.cli.progress import bar
from farthing.demo.play import play


@click.command("demo", context_settings=CONTEXT)
@click.option("--days", default=7, type=click.IntRange(1, 14), help="How many days the made-up cluster has been up.")
@click.option("--filename", "-f", "files", multiple=True, type=click.Path(exists=True, path_type=Path),
              help="Reports to apply instead of the samples; may be repeated.")  # fmt: skip
@click.option("--prices", "price_files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A file of PriceBooks to apply; may be repeated.")  # fmt: skip
@click.option("--store", type=click.Path(path_type=Path, file_okay=False), help="Keep the store here, to ask it more.")
def command(days: int, files: tuple[Path, ...], price_files: tuple[Path, ...], store: Path | None) -> None:
    """Show what Farthing does, with nothing installed: no Kubernetes, no Prometheus.

    A made-up cluster's last days go through the same decoding, cost model, store and reports as real metrics do. The
    sample reports are applied to it and shown as kubectl would show them.
    """
    from farthing.cli.report import load

    now = datetime.now(UTC).replace(second=0, microsecond=0)
    with tempfile.TemporaryDirectory(prefix="farthing-demo-") as folder, bar("making facts of") as progress:
        kept = store or Path(folder, "store")
        reports = [report for file in files for report in load(file)] or None
        done = play(kept, now, days, reports, progress, load_prices(price_files, "USD"))
    click.echo("$ kubectl get costreports,assetreports -A -o wide")
    print_table(done, wide=True, now=now)
    first = done[0]
    click.echo(f"$ kubectl describe {first.KIND.lower()} {first.metadata.name} -n {first.metadata.namespace}")
    print_description(first)
    if store:
        click.echo(f"\nThe facts are in {store}: try\n  farthing allocation --store {store} --cluster demo --window 2d")
    else:
        click.echo("\nNext: farthing demo --store ./demo keeps the facts, for farthing allocation and farthing assets.")
