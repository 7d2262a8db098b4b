"""Label columns of the samples that network, load balancers and the management fee are made of (C6 to C8)."""

POD_KEY = ("namespace", "pod", "uid")
SERVICE_KEY = ("namespace", "service", "uid")
ADDRESS_KEY = ("namespace", "service_name", "ingress_ip")
INTERFACE_KEY = ("namespace", "pod", "id", "interface")
"""cAdvisor's identity of one network interface of a pod: ``id`` is the cgroup path of its sandbox."""
SCRAPER_KEY = ("job", "prometheus_replica", "replica")
"""What tells apart who scrapes the network-costs daemonset: several see the same bytes."""
DAEMON_KEY = ("instance", "pod")
"""Labels that tell one pod of the daemonset from another, and from the one that replaces it; each sees bytes of its own."""
EGRESS_KEY = (
    "namespace", "pod_name", "internet", "same_zone", "same_region", "service", "exported_service", *SCRAPER_KEY, *DAEMON_KEY,
)  # fmt: skip
"""Identity of one counter of where a pod sends to, as one scraper sees it; the services are kinds of destinations, each with a
counter of its own, or a label that the scraper adds to all."""
ENDPOINT_KEY = ("namespace", "endpointslice", "targetref_kind", "targetref_name")

NETWORK_SAMPLES: dict[str, tuple[str, ...]] = {
    "pod_started": POD_KEY,
    "host_pods": POD_KEY,
    "egress_last": EGRESS_KEY,
    "egress_first": EGRESS_KEY,
    "egress_reset_growth": EGRESS_KEY,
    "egress_scraped": EGRESS_KEY,
    "transmit_last": INTERFACE_KEY,
    "transmit_first": INTERFACE_KEY,
    "transmit_reset_growth": INTERFACE_KEY,
    "transmit_scraped": INTERFACE_KEY,
    "receive_last": INTERFACE_KEY,
    "receive_first": INTERFACE_KEY,
    "receive_reset_growth": INTERFACE_KEY,
    "network_zone_rate": (),
    "network_region_rate": (),
    "network_internet_rate": (),
    "services": ("namespace", "service"),
    "endpoints": ENDPOINT_KEY,
    "balancer_scrapes": SERVICE_KEY,
    "balancer_created": SERVICE_KEY,
    "balancer_rate": ADDRESS_KEY,
    "balancer_rate_scrapes": ADDRESS_KEY,
    "exporter_scrapes": (),
    "management_rate": ("provisioner_name",),
}
"""Part of ``tables.SAMPLES``."""

NETWORK_NUMBERED = {
    "egress_no": ("egresses", EGRESS_KEY),
    "interface_no": ("interfaces", INTERFACE_KEY),
    "endpoint_no": ("slice_entries", ENDPOINT_KEY),
}
"""Part of ``tables.NUMBERED``."""
