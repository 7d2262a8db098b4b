"""The key by which a resource of a bill and an asset of a cluster are the same thing (C13).

Kubernetes, CSI drivers and bills spell the identifier of one machine or disk in different ways; its key is

    AWS      i-0a                                   of aws:///eu-west-1a/i-0a and arn:aws:ec2:eu-west-1:1234:instance/i-0a
             elb/eu-west-1/front                    of front-0c.elb.eu-west-1.amazonaws.com and …:loadbalancer/net/front/0c
    Azure    /subscriptions/s/resourcegroups/r/…    in lower case; of a machine of a scale set, the set, which is what bills name
    GCP      shop/europe-west1-b/node-a             of gce://… and //compute.googleapis.com/projects/shop/zones/…/instances/node-a
             shop/europe-west1-b/disks/node-a       of a disk: a machine's first disk has the machine's name
    Oracle   ocid1.instance.oc1..a                  of oci://ocid1.instance.oc1..a
    Alibaba  i-0a                                   of cn-hangzhou.i-0a
"""

import ibis
import ibis.expr.types as ir

AZURE = r"(?i)^(azure:)?/*subscriptions/"
REWRITTEN = (
    (r"(?i)^(?:https?:)?/*(?:[a-z.]*googleapis\.com/)?(?:compute/v1/)?projects/([^/]+)/(?:zones|regions)/([^/]+)/", r"gce://\1/\2/"),
    (r"^gce://([^/]+)/([^/]+)/instances/([^/]+)$", r"\1/\2/\3"),
    (r"^gce://", ""),
    (r"^arn:[^:]*:ec2:[^:]*:[^:]*:(?:instance|volume)/([^/]+)$", r"\1"),
    (r"^[a-z]{2}-[a-z0-9-]+\.([a-z]+-[a-z0-9]+)$", r"\1"),
    # Of AWS, Oracle and all others what is after the last slash.
    (r"^[a-zA-Z0-9+.-]+:/+(?:.*/)?([^/]+)$", r"\1"),
)  # fmt: skip
"""Patterns and what each turns an identifier into that it fits, one after the other."""

BALANCER = r"(?i):elasticloadbalancing:|\.elb\."
BALANCERS = (
    (r"^arn:[^:]*:elasticloadbalancing:([^:]*):[^:]*:loadbalancer/(?:(?:app|net|gwy)/)?([^/]+)(?:/[^/]*)?$", r"elb/\1/\2"),
    (r"^(?:dualstack\.)?(?:internal-)?([^.]+)-[0-9a-f]+\.([a-z0-9-]+)\.elb\.amazonaws\.com(?:\.cn)?\.?$", r"elb/\2/\1"),
    (r"^([^.]+)-[0-9a-f]+\.elb\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\.?$", r"elb/\2/\1"),
)  # fmt: skip
"""The same for load balancers of AWS in lower case: Kubernetes knows their host names, bills their ARNs; both have region and name."""


def resource_key(identifier: ir.StringValue) -> ir.StringValue:
    """The key of a Kubernetes provider id, of a volume handle, or of the ResourceId of a bill; empty for none."""
    given = identifier.fill_null("").strip()
    azure = given.lower().re_replace(r"^(azure:)?/*", "/").re_replace(r"/+$", "")
    azure = azure.re_replace(r"(/virtualmachinescalesets/[^/]+)/virtualmachines/[^/]+$", r"\1")
    balancer, key = given.lower(), given
    for pattern, becomes in BALANCERS:
        balancer = balancer.re_replace(pattern, becomes)
    for pattern, becomes in REWRITTEN:
        key = key.re_replace(pattern, becomes)
    return ibis.cases((given.re_search(AZURE), azure), (given.re_search(BALANCER), balancer), else_=key)
