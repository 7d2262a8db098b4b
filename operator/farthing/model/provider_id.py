"""What a cloud calls a machine or a disk, as Kubecost and OpenCost tell it.

Kubernetes has ``aws:///eu-west-1a/i-0a`` and ``gce://project/zone/name`` where both tell the last part alone. Clients count on
that: kubecost-s3-exporter looks for an allocation's id between the slashes of an asset's name.
"""

import re
from functools import lru_cache
from typing import Final

import ibis.expr.types as ir

LONG: Final = r"^(?:aws|gce)://[^/]*/[^/]*/([^/]+)$"


def short(identifier: ir.StringValue) -> ir.StringValue:
    """The last part of an id of AWS or GCP, else the whole."""
    return identifier.re_replace(LONG, r"\1")


@lru_cache(10_000)
def short_text(identifier: str) -> str:
    """``short`` of one."""
    return re.sub(LONG, r"\1", identifier)
