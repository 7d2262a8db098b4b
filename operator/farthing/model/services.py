"""Which pods are behind which service.

Endpoint slices tell; of a service without any, the labels that it selects by. The control plane names a slice after its service: the name and a dash, cut to 58 characters, and five
characters that it makes up. Only names of services that exist are taken for one.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.sampled import samples
from farthing.model.selectors import selected
from farthing.model.tables import extend

CUT = 58
"""How much of a name Kubernetes keeps before the five characters that it adds."""
GENERATED = "^(.+)[bcdfghjklmnpqrstvwxz2456789]{5}$"
"""A name that Kubernetes made, by the letters it makes names of."""


def behind() -> ir.Table:
    """The pods behind each service at any time of the chunk: columns namespace, service, pod, uid; no row comes twice."""
    by_slices = _by_slices().distinct()
    others = selected().anti_join(by_slices, ["namespace", "service"])
    return ibis.union(by_slices, others, distinct=False)


def _by_slices() -> ir.Table:
    """The pods that the endpoint slices of each service name."""
    endpoints = samples("endpoints")
    endpoints = endpoints.filter(endpoints.targetref_kind == "Pod")
    named = endpoints.join(_services_of_slices(), ["namespace", "endpointslice"])
    pods = samples("pod_node").select("namespace", "pod", "uid").distinct()
    return (
        named.select("namespace", "service", pod="targetref_name")
        .join(pods, ["namespace", "pod"])
        .select("namespace", "service", "pod", "uid")
    )


def _services_of_slices() -> ir.Table:
    """The service of each endpoint slice."""
    slices = samples("endpoints").select("namespace", "endpointslice").distinct()
    services = _services()
    by_stem = services.mutate(stem=services.service.concat("-").substr(0, CUT))
    made = slices.mutate(stem=slices.endpointslice.re_extract(GENERATED, 1))
    made = made.join(by_stem, ["namespace", "stem"]).select("namespace", "endpointslice", "service")
    # A slice that somebody named by hand may be called like its service.
    left = extend(slices, made, "namespace", "endpointslice")
    left = left.filter(left.service.isnull()).select("namespace", "endpointslice", service="endpointslice")
    return ibis.union(made, left.semi_join(services, ["namespace", "service"]), distinct=False)


def _services() -> ir.Table:
    """Namespace and name of every service, also of those that only the exporter's load balancers tell of."""
    told = samples("services").select("namespace", "service")
    balancers = samples("balancer_rate").select("namespace", service="service_name")
    return ibis.union(told, balancers, distinct=True)
