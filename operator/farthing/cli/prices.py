"""``farthing prices``."""

import json
from pathlib import Path
from typing import Any

import click

from farthing.cli.options import CONTEXT, common, form
from farthing.cli.price_files import load_books
from farthing.cli.show import print_columns
from farthing.errors import NoDataError
from farthing.model.allocation import UNIT
from farthing.model.fitting import Traits, Verdict, verdicts
from farthing.model.prices import Prices
from farthing.model.window import parse_instant
from farthing.settings import Settings


@click.group("prices", context_settings=CONTEXT)
def command() -> None:
    """Price books: check a file, explain a node's rate."""


@command.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Say whether the price books of FILES can be used together."""
    books = [book for path in files for book in load_books(path)]
    prices = Prices(tuple(books))
    rates = sum(len(book.rates()) for book in books)
    click.echo(
        f"{len(books)} price books, {len(prices.rules)} rules and {rates} other rates: they can be used together"
    )


@command.command("explain")
@click.argument("node")
@click.option(
    "--at",
    default="",
    metavar="TIME",
    help="An instant, as RFC 3339 or unix seconds. Default: the last that is stored.",
)
@form
@common
def explain(settings: Settings, node: str, at: str, output: str) -> None:
    """Say which rate NODE has, from where, and of each rule of --prices why it applies or not."""
    from farthing.store.days import Store
    from farthing.store.nodes import has_prices, node_facts, node_labels

    store = Store(settings.store, settings.timezone)
    rows = node_facts(store, settings.cluster, node, int(parse_instant(at).timestamp()) if at else None)
    if not rows:
        raise NoDataError(
            f"nothing is stored of a node {node!r} of cluster {settings.cluster!r}{f' at {at}' if at else ''}: see 'farthing "
            "assets --aggregate name' for those there are"
        )
    labels = node_labels(store, settings.cluster, node, rows[0]["start"])
    told = [(row, verdicts(settings.prices, _traits(row, labels))) for row in rows]
    if output == "json":
        click.echo(json.dumps([_object(row, said) for row, said in told], indent=2))
        return
    for row, said in told:
        _print(row, said, settings.currency)
    if settings.prices.rules and not has_prices(store, settings.cluster, rows[0]["start"], settings.prices):
        click.echo(
            f"The facts of {node} were made with other prices than --prices says: 'farthing store reprice' applies these"
        )


def _print(row: dict[str, Any], said: list[Verdict], currency: str) -> None:
    about = (row["provider"], row["instance_type"], row["region"], row["zone"], "spot" if row["spot"] else "")
    click.echo(f"{row['name']} ({', '.join(filter(None, about)) or 'nothing known of it'})")
    click.echo(f"Rate from: {row['rate_source']}")
    rates = [[name, unit, f"{rate:.6g}"] for (name, unit), rate in _rates(row).items()]
    print_columns(["RESOURCE", "UNIT", f"{currency} BEFORE DISCOUNT"], rates)
    click.echo(f"Discount of cpu and ram: {_discount(row):.4g}")
    if not said:
        click.echo("No rules: give the price books by --prices.")
        return
    click.echo()
    stands = [[one.source, "applies" if one.applies else "no", one.why] for one in said]
    print_columns(["RULE", "NOW", "WHY"], stands)


def _traits(row: dict[str, Any], labels: dict[str, str] | None) -> Traits:
    names = ("start", "name", "provider", "instance_type", "region", "zone", "spot")
    return Traits(**{name: row[name] for name in names}, labels=labels)


def _rates(row: dict[str, Any]) -> dict[tuple[str, str], float]:
    """The rates by resource and unit, before the discount, of what the node has. [currency]"""
    units = {"cpu": "core-hour", "ram": "GiB-hour", "gpu": "GPU-hour"}
    return {
        (name, unit): (row[f"{name}_cost"] + row.get(f"{name}_discount", 0.0)) / (row[f"{name}_quantity"] / UNIT[name])
        for name, unit in units.items()
        if row[f"{name}_quantity"]
    }


def _discount(row: dict[str, Any]) -> float:
    """The share that was taken off cpu and ram. [0 to 1]"""
    off = row["cpu_discount"] + row["ram_discount"]
    listed = row["cpu_cost"] + row["ram_cost"] + off
    return float(off / listed) if listed else 0.0


def _object(row: dict[str, Any], said: list[Verdict]) -> dict[str, Any]:
    return {
        "node": row["name"],
        "providerID": row["provider_id"],
        "start": row["start"],
        "rateSource": row["rate_source"],
        "rates": {name: rate for (name, _), rate in _rates(row).items()},
        "discount": _discount(row),
        "rules": [{"rule": one.source, "applies": one.applies, "why": one.why} for one in said],
    }
