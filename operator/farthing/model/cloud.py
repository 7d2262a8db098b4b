"""Whose an asset is at its provider: account and project, by its id there, or by what all nodes of its cluster share."""

import ibis
import ibis.expr.types as ir

from farthing.model.tables import extend

WHOSE = ("provider", "account", "project")

SUBSCRIPTION = "(?i)(?:^|/)subscriptions/([^/]+)"
"""Azure's id of the subscription that pays, in ``azure:///subscriptions/ID/resourceGroups/…``."""
ARN = "^arn:aws[^:]*:[^:]*:[^:]*:([0-9]{12}):"
"""AWS's number of the account that pays; instances and volumes do not tell it: ``aws:///us-east-1a/i-0abc``."""
PROJECT = "^(?:gce://|.*projects/)([^/]+)/"
"""GCP's project, in ``gce://PROJECT/ZONE/NAME`` and in ``projects/PROJECT/zones/ZONE/disks/NAME``."""

SHAPES = {
    "^arn:aws": "AWS",
    "^(i|vol)-[0-9a-f]{8,17}$": "AWS",
    "(?i)^/subscriptions/": "Azure",
    "^projects/[^/]+/(zones|regions)/": "GCP",
    "^[a-z]{2}-[a-z0-9-]+[.](i|d)-[a-z0-9]+$": "Alibaba",
}
"""What ids look like that no scheme goes before, and whose they are: Alibaba's are ``cn-hangzhou.i-bp1abc``."""


def shaped_like(provider_id: ir.StringValue) -> ir.StringValue:
    """The provider whose ids look like ``provider_id``; empty where they could be anybody's."""
    return ibis.cases(*((provider_id.re_search(shape), name) for shape, name in SHAPES.items()), else_="")


def account_of(provider_id: ir.StringValue) -> ir.StringValue:
    """The account that pays for what has this id: Azure's subscription, or AWS's number; empty where it is not told."""
    return ibis.coalesce(provider_id.re_extract(SUBSCRIPTION, 1).nullif(""), provider_id.re_extract(ARN, 1))


def project_of(provider_id: ir.StringValue) -> ir.StringValue:
    """The project that what has this id belongs to, on GCP; empty elsewhere."""
    return provider_id.re_extract(PROJECT, 1)


def clouds(nodes: ir.Table) -> ir.Table:
    """What all ``nodes`` of an interval share of ``WHOSE``, as columns such as provider_of_nodes; empty where they differ."""
    whose = nodes.select(
        "start", "provider", account=account_of(nodes.provider_id), project=project_of(nodes.provider_id)
    )
    return whose.group_by("start").agg(
        **{f"{one}_of_nodes": ibis.ifelse(whose[one].min() == whose[one].max(), whose[one].min(), "") for one in WHOSE}
    )


def in_cloud(assets: ir.Table, cloud: ir.Table) -> ir.Table:
    """``assets``, whose account and project their provider id tells; else they are those of their cluster's ``clouds``.

    What is another provider's than the nodes are takes nothing from them.
    """
    rows = extend(assets, cloud, "start")
    known = {
        "provider": rows.provider,
        "account": account_of(rows.provider_id),
        "project": project_of(rows.provider_id),
    }
    theirs = rows.provider_of_nodes.fill_null("")
    alike = (rows.provider == "") | (rows.provider == theirs)
    return rows.mutate(
        **{
            one: ibis.ifelse((value == "") & alike, rows[f"{one}_of_nodes"].fill_null(""), value)
            for one, value in known.items()
        }
    ).select(*assets.columns)
