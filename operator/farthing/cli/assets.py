"""``farthing assets``."""

from typing import Any

import click

from farthing.cli.asking import ask, question_options
from farthing.settings import Settings


@click.command("assets")
@click.option("--aggregate", default="", help="cluster, provider, category, type, name, providerID, region, "
              "instanceType, or a list of them; '' is one row an asset.")  # fmt: skip
@question_options
def command(settings: Settings, output: str, **spec: Any) -> None:
    """What assets cost, from the store.

    Flags are the fields of an AssetReport's spec.
    """
    ask("AssetReport", settings, output, **spec)
