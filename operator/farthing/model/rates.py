"""C4: the rate of a node, by one function for allocations and assets alike.

The first that applies: the rule of a price book (``pricing.py``); what the ``node_*_hourly_cost`` metrics say; the default
of its provider. A price known only for the whole node is split over cpu, ram and gpu in proportion to the default rates.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from farthing.model.cloud import shaped_like
from farthing.model.tables import GIB


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates per core-hour, GiB-hour and GPU-hour, and the same for spot nodes. [USD]"""

    cpu: float
    ram: float
    gpu: float
    spot_cpu: float
    spot_ram: float
    spot_gpu: float


LIST = Rates(cpu=0.031611, ram=0.004237, gpu=0.95, spot_cpu=0.006655, spot_ram=0.000892, spot_gpu=0.308)
"""OpenCost's defaults, configs/default.json of v2.4.2: GCP's n1 list price in us-central1, the field's yardstick."""

DEFAULTS: dict[str, Rates] = {
    "Azure": Rates(cpu=0.03900, ram=0.001917, gpu=0.95, spot_cpu=0.007764, spot_ram=0.000382, spot_gpu=0.308),
    "Oracle": Rates(cpu=0.015, ram=0.002, gpu=2.00, spot_cpu=0.015, spot_ram=0.002, spot_gpu=2.00),
}
"""Where a provider's defaults differ from ``LIST`` (OpenCost's azure.json and oracle.json of v2.4.2)."""

STORAGE = 0.04 / 730
"""Rate of a volume's GiB-hour where nobody tells one: OpenCost's ``storage`` of v2.4.2, 0.04 a month of 730 h. [USD]"""
TRAFFIC: dict[str, float] = {"zone": 0.01, "region": 0.01, "internet": 0.12}
"""Default rates of traffic by where it goes: OpenCost's, configs/default.json. [USD per GiB]"""

BALANCER = 0.025
"""Default rate of a load balancer: what OpenCost and Kubecost take on AWS and GCP, GCP's list price of the first five
forwarding rules. [USD per hour]"""

PROVISIONERS: dict[str, str] = {"EKS": "AWS", "GKE": "GCP", "AKS": "Azure"}
"""Who provides a control plane, by what the exporter calls it."""

PROVIDERS: dict[str, str] = {
    "aws": "AWS",
    "gce": "GCP",
    "azure": "Azure",
    "oci": "Oracle",
    "ocid1": "Oracle",
    "alicloud": "Alibaba",
    "digitalocean": "DigitalOcean",
    "scaleway": "Scaleway",
    "hcloud": "Hetzner",
    "openstack": "OpenStack",
    "vsphere": "vSphere",
    "kind": "kind",
    "k3s": "k3s",
}
"""What stands before ``:`` or ``.`` in a provider id, and the provider's name."""

DRIVERS: dict[str, str] = {
    ".csi.aws.com": "AWS",
    ".csi.eks.amazonaws.com": "AWS",
    ".csi.storage.gke.io": "GCP",
    ".csi.azure.com": "Azure",
    ".csi.oraclecloud.com": "Oracle",
    ".csi.alibabacloud.com": "Alibaba",
    ".csi.digitalocean.com": "DigitalOcean",
    "csi.scaleway.com": "Scaleway",
    "csi.hetzner.cloud": "Hetzner",
    ".csi.openstack.org": "OpenStack",
    "csi.vsphere.vmware.com": "vSphere",
}
"""What the name of a CSI driver ends with, and the provider whose disks it gives."""


def provider_of(provider_id: ir.StringValue) -> ir.StringValue:
    """The provider's name by its id: ``aws:///us-east-1a/i-0abc`` is AWS; empty where it says nothing."""
    scheme = provider_id.re_extract("^([a-z0-9]+)[:.]", 1)
    return ibis.coalesce(scheme.cases(*PROVIDERS.items(), else_="").nullif(""), shaped_like(provider_id))


def provider_of_driver(driver: ir.StringValue) -> ir.StringValue:
    """The name of the provider whose disks a CSI driver gives: ``ebs.csi.aws.com`` is AWS; empty for others."""
    return ibis.cases(*((driver.endswith(end), name) for end, name in DRIVERS.items()), else_="")


def volume_rate(told: ir.FloatingValue) -> ir.FloatingValue:
    """The rate of a volume: what metrics have ``told``, if that is above 0; else the default. [USD per GiB-hour]"""
    return ibis.ifelse(told > 0, told, STORAGE)


def volume_rate_source(told: ir.FloatingValue) -> ir.StringValue:
    """Where ``volume_rate`` has its answer from."""
    return ibis.ifelse(told > 0, "metrics", "default")


def default_rate(resource: str, provider: ir.StringValue, spot: ir.BooleanValue) -> ir.FloatingValue:
    """The default rate of ``resource`` (cpu, ram or gpu) at ``provider``. [USD per core-, GiB- or GPU-hour]"""
    return ibis.ifelse(spot, _by_provider(f"spot_{resource}", provider), _by_provider(resource, provider))


def _by_provider(rate: str, provider: ir.StringValue) -> ir.FloatingValue:
    return provider.cases(
        *((name, float(getattr(rates, rate))) for name, rates in DEFAULTS.items()), else_=float(getattr(LIST, rate))
    )


def whole_node_factor(
    price: ir.FloatingValue,
    quantities: Sequence[ir.FloatingValue],
    defaults: Sequence[ir.FloatingValue],
) -> ir.FloatingValue:
    """What to multiply the default rates by, so that cores, bytes and GPUs together cost ``price`` an hour."""
    cores, ram_bytes, gpus = quantities
    cpu, ram, gpu = defaults
    listed = cores * cpu + ram_bytes / GIB * ram + gpus * gpu
    return ibis.ifelse(listed > 0, price / listed, ibis.null("float64"))


def discounted(cost: ir.FloatingValue, discount: ir.FloatingValue, resource: str) -> ir.FloatingValue:
    """``cost`` of one resource after the node's discount, which applies to cpu and ram only (C4)."""
    return cost if resource == "gpu" else cost * (1.0 - discount)
