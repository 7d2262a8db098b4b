"""``farthing allocation``."""

from typing import Any

import click

from farthing.cli.asking import ask, question_options
from farthing.settings import Settings


@click.command("allocation")
@click.option("--aggregate", default="namespace", help="cluster, node, namespace, controllerKind, controller, pod, "
              "container, or a list such as namespace,controller; '' is one row a container.")  # fmt: skip
@click.option("--idle/--no-idle", default=True, help="Show what nodes cost and nobody held as a row.")
@click.option("--split-idle", is_flag=True, help="One idle row a cluster.")
@click.option("--idle-by-node", is_flag=True, help="One idle row a node; needs --split-idle.")
@question_options
def command(settings: Settings, output: str, **spec: Any) -> None:
    """What workloads cost, from the store.

    Flags are the fields of a CostReport's spec. A window that begins or ends within an hour needs --prometheus too.
    """
    ask("CostReport", settings, output, **spec)
