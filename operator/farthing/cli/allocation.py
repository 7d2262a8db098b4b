"""``farthing allocation``."""

import re
from typing import Any

import click

from farthing.cli.asking import Command, ask, listed, question_options
from farthing.model.filters import LISTS, parse_lists
from farthing.settings import Settings

LISTS_IN_KEBAB = {name: re.sub(r"(?<=[a-z])([A-Z])", r"-\1", name).lower() for name in LISTS}
KEYED_LISTS = ("filterLabels", "filterAnnotations")


def filter_lists(command: Command) -> Command:
    """Give ``command`` a flag for each of Kubecost's ``filterX`` parameters."""
    for name, flag in reversed(LISTS_IN_KEBAB.items()):
        example = "app:web,env:prod*" if name in KEYED_LISTS else "a,b*"
        about = f"Rows whose {flag.removeprefix('filter-').replace('-', ' ').removesuffix('s')} is one of these."
        command = click.option(f"--{flag}", default="", metavar=f"<{example}>", help=about)(command)
    return command


@click.command("allocation")
@click.option(
    "--aggregate",
    default="namespace",
    help="cluster, node, namespace, controllerKind, controller, deployment, "
    "statefulset, daemonset, job, service, pod, container, label:KEY, annotation:KEY, department, environment, owner, "
    "product, team, or a list such as namespace,label:app; '' is one row a container.",
)
@click.option(
    "--filter",
    default="",
    metavar="FILTER",
    help='Rows to show, such as \'namespace:"shop"+label[app]!:"web"\': '
    "signs are : ~: <~: ~>: and ! for not, + is and, | is or. Costs are shared before.",
)
@filter_lists
@click.option("--idle/--no-idle", default=True, help="Show what nodes cost and nobody held as a row.")
@click.option("--split-idle", is_flag=True, help="One idle row a cluster.")
@click.option("--idle-by-node", is_flag=True, help="Tell, or share, idle by node; needs --split-idle or --share-idle.")
@click.option("--share-idle", is_flag=True, help="Add idle to the rows, by what each is charged.")
@click.option(
    "--share-namespaces", default="", metavar="NAMES", help="Namespaces to spread over the others, such as kube-system."
)
@click.option(
    "--share-labels", default="", metavar="LABELS", help="Labels whose pods to spread, such as app:prometheus."
)
@click.option("--share-cost", default=0.0, metavar="AMOUNT", help="A monthly amount to spread over the rows.")
@click.option(
    "--share-split", type=click.Choice(["weighted", "even"]), default="weighted", help="How shared costs are spread."
)
@click.option(
    "--share-tenancy-costs/--no-share-tenancy-costs", default=True, help="Spread the cluster's management fee."
)
@click.option("--reconcile/--no-reconcile", default=True, help="Adjust costs by the bills that were imported.")
@click.option("--external", is_flag=True, help="Add what bills tell of other resources to the rows their tags name.")
@click.option("--cost-metric", type=click.Choice(["cumulative", "hourly", "daily", "monthly"]), default="cumulative",
              help="What a cost is for: the window, or on average an hour, a day, a month of 730 h.")  # fmt: skip
@question_options
def command(settings: Settings, output: str, **spec: Any) -> None:
    """What workloads cost, from the store.

    Flags are the fields of a CostReport's spec, and Kubecost's lists of what to show: of a list one is to fit, * ends a
    prefix, and several filters hold together. A window that begins or ends within an hour needs --prometheus too.
    """
    lists = {name: spec.pop(flag.replace("-", "_")) for name, flag in LISTS_IN_KEBAB.items()}
    for name in ("share_namespaces", "share_labels"):
        spec[name] = listed(spec[name])
    ask("CostReport", settings, output, parse_lists(lists), **spec)
