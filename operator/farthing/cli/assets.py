"""``farthing assets``."""

from typing import Any

import click

from farthing.cli.asking import ask, question_options
from farthing.cli.lists import filter_lists, taken
from farthing.model.filters import ASSET_LISTS, parse_asset_lists
from farthing.model.question import ASSET_ORDERS
from farthing.settings import Settings


@click.command("assets")
@click.option(
    "--aggregate",
    default="",
    help="provider, account, project, category, cluster, type, service, providerID, name, region, instanceType, "
    "label:KEY, department, environment, owner, product, team, or a list such as type,label:pool; '' is one row an asset.",
)
@click.option(
    "--filter",
    default="",
    metavar="FILTER",
    help='Assets to report, such as \'assetType:"node"+label[pool]!:"spare"\': '
    "signs are : ~: <~: ~>: and ! for not, + is and, | is or.",
)
@filter_lists(ASSET_LISTS, "Assets")
@click.option("--disable-adjustments", is_flag=True, help="At list prices, without what bills tell.")
@question_options(ASSET_ORDERS)
def command(settings: Settings, output: str, **spec: Any) -> None:
    """What assets cost, from the store.

    Flags are the fields of an AssetReport's spec, and Kubecost's lists of what to report: of a list one is to fit, * ends a
    prefix but of types and of keys of labels, types fit in any case, and several filters hold together. What no asset can
    fit reports none.
    """
    lists = taken(ASSET_LISTS, spec)
    ask("AssetReport", settings, output, parse_asset_lists(lists), **spec)
