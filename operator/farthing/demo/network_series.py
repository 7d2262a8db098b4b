"""What is shown of a made-up cluster's network: services, traffic, and what OpenCost's exporter says they cost."""

from farthing.demo.cluster import Cluster, Node, Pod
from farthing.demo.identity import hexadecimal, suffix
from farthing.demo.series import Scraping, SeriesBook
from farthing.demo.shapes import Constant, Counter, Wave
from farthing.demo.usage_series import Kubelet, cgroup, kubelets_of

ONE = Constant(1.0)
CLASSES = {
    "zone": {"internet": "false", "same_zone": "false", "same_region": "true"},
    "region": {"internet": "false", "same_zone": "false", "same_region": "false"},
    "internet": {"internet": "true", "same_zone": "false", "same_region": "false"},
    "free": {"internet": "false", "same_zone": "true", "same_region": "true"},
}
"""How the network-costs daemonset labels where bytes go."""

HOST = Wave(2_000_000.0, 0.3)
"""What a machine sends, and receives. [B/s]"""


def enter_services(book: SeriesBook, cluster: Cluster, replica: int) -> None:
    """Enter the services, their endpoints and when pods started, as the kube-state-metrics numbered ``replica`` shows them."""
    instance = f"10.1.0.{10 + replica}:8080"
    target, scraper = f"kube-state-metrics/{instance}", {"instance": instance, "job": "kube-state-metrics"}
    for service in cluster.services:
        life = (service.created, None)
        own = scraper | {"namespace": service.namespace, "service": service.name, "uid": service.uid}
        book.add(target, "kube_service_info", own | {"cluster_ip": "10.100.7.1"}, life, ONE)
        book.add(target, "kube_service_spec_type", own | {"type": service.kind}, life, ONE)
        book.add(target, "kube_service_created", own, life, Constant(float(service.created)))
        for pod in cluster.pods_of(service):
            endpoint = scraper | {
                "namespace": service.namespace,
                "endpointslice": f"{service.name}-{suffix(5, service.uid)}",
                "targetref_kind": "Pod",
                "targetref_name": pod.name,
                "address": pod.address,
                "ready": "true",
            }
            start, end = pod.span
            book.add(target, "kube_endpointslice_endpoints", endpoint, (max(start, service.created), end), ONE)
    for pod in cluster.pods:
        if pod.node is not None:
            labels = scraper | {"namespace": pod.namespace, "pod": pod.name, "uid": pod.uid}
            started = Constant(float(pod.created))
            book.add(target, "kube_pod_start_time", labels, (pod.created, pod.deleted), started)


def enter_egress(book: SeriesBook, cluster: Cluster, scraping: Scraping) -> None:
    """Enter what the network-costs daemonset counts: what pods send, by where it goes."""
    for pod in cluster.pods:
        if pod.node is None or pod.traffic is None:
            continue
        for who in _egress_scrapers(pod.node, scraping):
            for kind, labels in CLASSES.items():
                sent = Counter(pod.traffic.to(kind), pod.span[0])
                if sent.rate.base > 0:
                    book.add(
                        f"{who['job']}/{pod.node.name}",
                        "kubecost_pod_network_egress_bytes_total",
                        who | {"namespace": pod.namespace, "pod_name": pod.name} | labels,
                        pod.span,
                        sent,
                    )


def _egress_scrapers(node: Node, scraping: Scraping) -> list[dict[str, str]]:
    """Labels that each scraper of the daemonset on ``node`` adds: by annotations, and a ServiceMonitor, which names more."""
    instance = f"{node.address}:3001"
    by_annotations = {"job": "kubecost-networking", "instance": instance}
    monitor = {
        "job": "network-costs",
        "instance": instance,
        "pod": f"network-costs-{suffix(5, node.name)}",
        "service": "network-costs",
        "endpoint": "metrics",
    }
    return [by_annotations, monitor] if scraping.duplicate_scraper else [by_annotations]


def enter_interfaces(book: SeriesBook, cluster: Cluster, scraping: Scraping) -> None:
    """Enter what cAdvisor counts of the interfaces of pods' sandboxes and of the machines, which their own pods show too."""
    kubelets = {node: kubelets_of(book, node, scraping) for node in cluster.nodes}
    for node in cluster.nodes:
        for kubelet in kubelets[node]:
            _enter_interface(kubelet, {"id": "/"}, (node.created, node.removed), HOST, HOST)
    for pod in cluster.pods:
        if pod.node is None or pod.span[0] == pod.span[1]:
            continue
        for kubelet in kubelets[pod.node]:
            if pod.host_network:
                _enter_interface(kubelet, _sandbox(pod), pod.span, HOST, HOST)
            elif pod.traffic is not None:
                _enter_interface(kubelet, _sandbox(pod), pod.span, pod.traffic.sent, pod.traffic.received)


def _enter_interface(
    kubelet: Kubelet, labels: dict[str, str], span: tuple[int, int | None], sent: Wave, received: Wave
) -> None:
    for metric, wave in (
        ("container_network_transmit_bytes_total", sent),
        ("container_network_receive_bytes_total", received),
    ):
        kubelet.add(metric, labels | {"interface": "eth0"}, span, Counter(wave, span[0]))


def _sandbox(pod: Pod) -> dict[str, str]:
    """Labels of the pod's sandbox, which has no container's name."""
    return cgroup(pod, "", "registry.example/pause:3.10", hexadecimal(64, pod.uid, "sandbox"))


def enter_fees(book: SeriesBook, cluster: Cluster) -> None:
    """Enter what OpenCost's exporter says of traffic, load balancers and the control plane."""
    own = {"job": "opencost", "instance": "opencost:9003"}
    always = (cluster.start, cluster.end)
    for kind in ("zone", "region", "internet"):
        rate = Constant(getattr(cluster.fees, kind))
        book.add("opencost", f"kubecost_network_{kind}_egress_cost", own, always, rate)
    management = Constant(cluster.fees.management)
    book.add("opencost", "kubecost_cluster_management_cost", own | {"provisioner_name": "EKS"}, always, management)
    for service in cluster.services:
        if service.address:
            labels = {"namespace": service.namespace, "service_name": service.name, "ingress_ip": service.address}
            book.add(
                "opencost", "kubecost_load_balancer_cost", own | labels, (service.created, None), Constant(service.rate)
            )
