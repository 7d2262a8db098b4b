"""``farthing assets``."""

from typing import Any

import click

from farthing.cli.asking import ask, question_options
from farthing.settings import Settings


@click.command("assets")
@click.option("--aggregate", default="", help="cluster, provider, category, type, name, providerID, region, "
              "instanceType, or a list of them; '' is one row an asset.")  # fmt: skip
@click.option("--disable-adjustments", is_flag=True, help="At list prices, without what bills tell.")
@question_options
def command(settings: Settings, output: str, *, disable_adjustments: bool, **spec: Any) -> None:
    """What assets cost, from the store.

    Flags are the fields of an AssetReport's spec.
    """
    ask("AssetReport", settings, output, **spec, reconcile=not disable_adjustments)
