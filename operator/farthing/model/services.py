"""Which pods are behind which service.

Endpoint slices tell; of a service without any, the labels that it selects by. The control plane names a slice after its
service: the name and a dash, cut to 58 characters, and five characters that it makes up. Only names of services that exist
are taken for one.
"""

import ibis
import ibis.expr.types as ir

from farthing.model.sampled import POD_KEY, identities, samples
from farthing.model.selectors import SERVICE
from farthing.model.tables import extend

CUT = 58
"""How much of a name Kubernetes keeps before the five characters that it adds."""
GENERATED = "^(.+)[bcdfghjklmnpqrstvwxz2456789]{5}$"
"""A name that Kubernetes made, by the letters it makes names of."""


def slice_pods() -> ir.Table:
    """The pods that endpoint slices name: columns endpoint_no, namespace, service, pod, uid."""
    entries = identities("endpoint_no")
    entries = entries.filter(entries.targetref_kind == "Pod")
    named = entries.join(_services_of_slices(), ["namespace", "endpointslice"])
    pods = samples("pod_node").select(*POD_KEY).distinct()
    named = named.select("endpoint_no", "namespace", "service", pod="targetref_name")
    return named.join(pods, ["namespace", "pod"]).select("endpoint_no", *SERVICE, "pod", "uid")


def behind(named: ir.Table, chosen: ir.Table) -> ir.Table:
    """The pods behind each service at any time of the chunk: columns namespace, service, pod, uid; no row comes twice.

    ``named`` are ``slice_pods``, ``chosen`` those that selectors tell of.
    """
    by_slices = named.drop("endpoint_no").distinct()
    return ibis.union(by_slices, chosen.anti_join(by_slices, SERVICE).select(*by_slices.columns), distinct=False)


def behind_each(services: ir.Table, named: ir.Table, chosen: ir.Table) -> ir.Table:
    """The pods behind each of ``services`` (start, namespace, service) in that interval: these columns, pod and uid.

    Else as ``behind``.
    """
    key = ("start", *SERVICE)
    services = services.select(*key)
    endpoints = samples("endpoints").select("start", "endpoint_no")
    by_slices = services.join(named, SERVICE).join(endpoints, ["start", "endpoint_no"])
    by_slices = by_slices.select(*key, "pod", "uid").distinct()
    others = services.anti_join(by_slices, key).join(chosen, SERVICE)
    return ibis.union(by_slices, others.select(*by_slices.columns), distinct=False)


def _services_of_slices() -> ir.Table:
    """The service of each endpoint slice; one that may be of two services is of neither."""
    slices = identities("endpoint_no").select("namespace", "endpointslice").distinct()
    services = _services()
    stems = services.mutate(stem=services.service.concat("-").substr(0, CUT))
    stems = stems.group_by("namespace", "stem").agg(service=stems.service.max(), services=stems.count())
    stems = stems.filter(stems.services == 1).drop("services")
    made = slices.mutate(stem=slices.endpointslice.re_extract(GENERATED, 1))
    made = made.join(stems, ["namespace", "stem"]).select("namespace", "endpointslice", "service")
    # A slice that somebody named by hand may be called like its service.
    left = extend(slices, made, "namespace", "endpointslice")
    left = left.filter(left.service.isnull()).select("namespace", "endpointslice", service="endpointslice")
    return ibis.union(made, left.semi_join(services, ["namespace", "service"]), distinct=False)


def _services() -> ir.Table:
    """Namespace and name of every service, also of those that only the exporter's load balancers tell of."""
    told = samples("services").select("namespace", "service")
    balancers = samples("balancer_rate").select("namespace", service="service_name")
    return ibis.union(told, balancers, distinct=True)
