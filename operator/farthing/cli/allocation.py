"""``farthing allocation``."""

from typing import Any

import click

from farthing.cli.asking import ask, listed, question_options
from farthing.cli.lists import filter_lists, taken
from farthing.model.filters import LISTS, parse_lists
from farthing.model.question import ORDERS
from farthing.settings import Settings


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
@filter_lists(LISTS, "Rows")
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
    "--share-tenancy-costs/--no-share-tenancy-costs",
    default=True,
    help="Spread the cluster's management fee and the disks of its nodes.",
)
@click.option("--reconcile/--no-reconcile", default=True, help="Adjust costs by the bills that were imported.")
@click.option("--external", is_flag=True, help="Add what bills tell of other resources to the rows their tags name.")
@click.option("--cost-metric", type=click.Choice(["cumulative", "hourly", "daily", "monthly"]), default="cumulative",
              help="What a cost is for: the window, or on average an hour, a day, a month of 730 h.")  # fmt: skip
@question_options(ORDERS)
def command(settings: Settings, output: str, **spec: Any) -> None:
    """What workloads cost, from the store.

    Flags are the fields of a CostReport's spec, and Kubecost's lists of what to show: of a list one is to fit, * ends a
    prefix, and several filters hold together. A window that begins or ends within an hour needs --prometheus too.
    """
    lists = taken(LISTS, spec)
    for name in ("share_namespaces", "share_labels"):
        spec[name] = listed(spec[name])
    ask("CostReport", settings, output, parse_lists(lists), **spec)
