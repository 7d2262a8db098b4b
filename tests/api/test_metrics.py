"""``/metrics``: scraped over a real socket, and checked against what the made-up cluster was made with and what the APIs say."""

import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from farthing import wiring
from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.api.cost_families import TOLD
from farthing.api.seen import everything
from farthing.demo.cluster import GIB, Cluster
from farthing.demo.scenario import demo_cluster
from farthing.prometheus.catalogue import CATALOGUE
from farthing.prometheus.queries import Matcher, Query
from farthing.services import newest_costs
from farthing.services.scope import Scope
from farthing.settings import Settings
from farthing.store.days import Store
from tests.conftest import programs
from tests.support.api_server import ApiServer
from tests.support.demo_store import DemoStore
from tests.support.fact_rows import CLUSTER, START, FactTables, container, keep, node, one_hour, seen
from tests.support.prometheus_server import PrometheusServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

Labels = frozenset[tuple[str, str]]
NODE = {"instance", "node", "instance_type", "region", "provider_id", "arch", "exporter"}
CONTAINER = {"namespace", "pod", "container", "instance", "node", "exporter"}
OPENCOST: Mapping[str, set[str]] = {
    **dict.fromkeys(
        (
            "node_cpu_hourly_cost",
            "node_ram_hourly_cost",
            "node_gpu_hourly_cost",
            "node_total_hourly_cost",
            "kubecost_node_is_spot",
        ),
        NODE,
    ),
    **dict.fromkeys(
        ("container_cpu_allocation", "container_memory_allocation_bytes", "container_gpu_allocation"), CONTAINER
    ),
    "pv_hourly_cost": {"volumename", "persistentvolume", "provider_id", "exporter"},
    "pod_pvc_allocation": {"namespace", "pod", "persistentvolumeclaim", "persistentvolume", "exporter"},
    "kubecost_load_balancer_cost": {"ingress_ip", "namespace", "service_name", "exporter"},
    "kubecost_cluster_management_cost": {"provisioner_name", "exporter"},
    "kubecost_network_zone_egress_cost": {"exporter"},
    "kubecost_network_region_egress_cost": {"exporter"},
    "kubecost_network_internet_egress_cost": {"exporter"},
    "opencost_build_info": {"version", "exporter"},
}
"""The metrics of OpenCost's exporter that its dashboards look at, with their labels (pkg/costmodel/metrics.go), and ours."""


class Scraped:
    """What one scrape gave."""

    def __init__(self, server: ApiServer) -> None:
        answer = server.get("/metrics")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        self.text = answer.text
        self.samples: dict[str, dict[Labels, float]] = defaultdict(dict)
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                labels = frozenset(sample.labels.items())
                assert labels not in self.samples[sample.name], f"{sample.name} has {labels} twice"
                self.samples[sample.name][labels] = sample.value

    def one(self, name: str, **labels: str) -> float:
        """The only sample of that name with these labels among its own."""
        (value,) = (value for own, value in self.samples[name].items() if labels.items() <= dict(own).items())
        return value

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """The sums of a metric by some of its labels."""
        sums: dict[tuple[str, ...], float] = defaultdict(float)
        for own, value in self.samples[name].items():
            sums[tuple(dict(own)[label] for label in labels)] += value
        return sums


@pytest.fixture(scope="module")
def scraped(api: ApiServer) -> Scraped:
    return Scraped(api)


@pytest.fixture(scope="module")
def hour(scraped: Scraped) -> int:
    """When the hour begins that is told. [unix s]"""
    return int(scraped.one("farthing_cost_hour_start_timestamp_seconds"))


@pytest.fixture(scope="module")
def asked(hour: int) -> dict[str, str]:
    """The parameters that ask for that hour alone."""
    return {"window": f"{hour},{hour + 3600}", "accumulate": "true"}


@pytest.fixture(scope="module")
def cluster(demo: DemoStore) -> Cluster:
    """What the store's metrics were made of."""
    return demo_cluster(int(demo.window.start.timestamp()), demo.now)


def serving(settings: Settings, now: Callable[[], float], fetcher: Any = None, **options: Any) -> ApiServer:
    service = wiring.ask_service(settings, fetcher, now)
    return ApiServer(create_app(Asking(service, everything), "1.2.3", **options))


def kept_in(folder: Path, facts: FactTables) -> ApiServer:
    """A server over a store with those facts of its first hour."""
    keep(Store(folder), facts, seen(0))
    return serving(Settings(store=folder, cluster=CLUSTER), lambda: START + 7200.0)


def test_names_and_labels_are_those_of_opencosts_exporter(scraped: Scraped) -> None:
    told = {name: set(dict(next(iter(found)))) for name, found in scraped.samples.items() if name in OPENCOST}
    assert told == OPENCOST
    # These are kube-state-metrics' own, and sums over both would be twice as much.
    assert not [name for name in scraped.samples if name.startswith("kube_")]


def test_the_hour_is_the_newest_whole_one(demo: DemoStore, scraped: Scraped, hour: int) -> None:
    now = datetime.fromtimestamp(demo.now, demo.zone)
    assert datetime.fromtimestamp(hour, demo.zone) == now.replace(minute=0) - timedelta(hours=1)
    assert scraped.one("farthing_cost_hour_seen_ratio") == pytest.approx(1.0, abs=0.02)
    assert scraped.one("farthing_store_filled_until_timestamp_seconds") == demo.now
    assert scraped.one("farthing_stored_seconds") == demo.now - demo.window.start.timestamp()


def test_rates_of_nodes_are_those_that_they_were_rented_at(scraped: Scraped, cluster: Cluster, hour: int) -> None:
    whole = [
        one for one in cluster.nodes if one.created <= hour and (one.removed is None or one.removed >= hour + 3600)
    ]
    assert len(whole) > 3
    assert {one.spot for one in whole} == {True, False}
    for one in whole:
        rates = {
            "cpu": one.cpu_rate,
            "ram": one.ram_rate,
            "gpu": one.gpu_rate if one.gpus else 0.0,
            "total": one.total_rate,
        }
        for name, rate in rates.items():
            assert scraped.one(f"node_{name}_hourly_cost", node=one.name) == pytest.approx(rate, rel=1e-9), (name, one)
        labels = {
            "instance": one.name,
            "provider_id": one.provider_id,
            "instance_type": one.instance_type,
            "region": one.region,
        }
        assert scraped.one("kubecost_node_is_spot", arch="amd64", **labels) == float(one.spot)


def test_rates_of_volumes_balancers_and_the_cluster_are_those_that_were_asked_for(
    scraped: Scraped, cluster: Cluster, hour: int
) -> None:
    volumes = [one for one in cluster.volumes if one.created <= hour and (one.deleted or hour + 3600) >= hour + 3600]
    assert volumes
    for volume in volumes:
        assert scraped.one("pv_hourly_cost", persistentvolume=volume.name) == pytest.approx(volume.rate, rel=1e-9)
    balancers = {(one.namespace, one.name, one.address): one.rate for one in cluster.services if one.address}
    assert scraped.by("kubecost_load_balancer_cost", "namespace", "service_name", "ingress_ip") == pytest.approx(
        balancers
    )
    assert scraped.one("kubecost_cluster_management_cost", provisioner_name="EKS") == pytest.approx(
        cluster.fees.management
    )


@pytest.mark.parametrize(
    ("held", "rate", "unit", "cost"),
    [
        ("container_cpu_allocation", "node_cpu_hourly_cost", 1.0, "cpuCost"),
        ("container_memory_allocation_bytes", "node_ram_hourly_cost", float(GIB), "ramCost"),
        ("container_gpu_allocation", "node_gpu_hourly_cost", 1.0, "gpuCost"),
    ],
)
def test_allocation_times_rate_is_what_the_allocations_of_the_hour_cost(
    api: ApiServer, scraped: Scraped, asked: dict[str, str], held: str, rate: str, unit: float, cost: str
) -> None:
    rates = scraped.by(rate, "node")
    sums: dict[str, float] = defaultdict(float)
    for (namespace, name), amount in scraped.by(held, "namespace", "node").items():
        sums[namespace] += amount / unit * rates[name,]
    (rows,) = api.data("/model/allocation", aggregate="namespace", idle="false", **asked)
    assert sum(sums.values()) > 0
    # What nobody mounts is no container's.
    costs = {name: row[cost] for name, row in rows.items() if name != "__unmounted__"}
    assert sums == pytest.approx(costs, rel=1e-9, abs=1e-12)


def test_what_nodes_and_balancers_cost_is_what_the_assets_of_the_hour_do(
    api: ApiServer, scraped: Scraped, asked: dict[str, str]
) -> None:
    (rows,) = api.data("/model/assets", aggregate="type", **asked)
    sums = {
        "Node": sum(scraped.samples["node_total_hourly_cost"].values()),
        "LoadBalancer": sum(scraped.samples["kubecost_load_balancer_cost"].values()),
        "ClusterManagement": sum(scraped.samples["kubecost_cluster_management_cost"].values()),
    }
    assert sums == pytest.approx({name: rows[name]["totalCost"] for name in sums}, rel=1e-9)


def test_what_pods_hold_of_volumes_costs_what_their_allocations_say(
    api: ApiServer, scraped: Scraped, asked: dict[str, str]
) -> None:
    rates = scraped.by("pv_hourly_cost", "persistentvolume")
    sums: dict[str, float] = defaultdict(float)
    for (pod, volume), held in scraped.by("pod_pvc_allocation", "pod", "persistentvolume").items():
        sums[pod] += held / GIB * rates[(volume,)]
    (rows,) = api.data("/model/allocation", aggregate="pod", idle="false", **asked)
    costs = {name: row["pvCost"] for name, row in rows.items() if row["pvCost"] and name != "__unmounted__"}
    assert costs
    assert sums == pytest.approx(costs, rel=1e-9)


def test_beyond_the_bound_what_costs_least_is_left_out_and_counted(demo: DemoStore, scraped: Scraped) -> None:
    with serving(demo.settings, demo.source.now, most_series=3) as server:
        few = Scraped(server)
    for told in TOLD:
        assert len(few.samples[told.name]) == min(3, len(scraped.samples[told.name])), told.name
    costs = scraped.by("node_total_hourly_cost", "node")
    dearest = sorted(costs.values(), reverse=True)[:3]
    assert sorted(few.by("node_total_hourly_cost", "node").values(), reverse=True) == pytest.approx(dearest)
    for kind, metric in {"nodes": "node_total_hourly_cost", "containers": "container_cpu_allocation"}.items():
        assert few.one("farthing_cost_series_left_out", kind=kind) == len(scraped.samples[metric]) - 3 > 0
        assert scraped.one("farthing_cost_series_left_out", kind=kind) == 0
    # The same containers are told of each resource.
    names = ("container_cpu_allocation", "container_memory_allocation_bytes", "container_gpu_allocation")
    assert len({frozenset(few.samples[name]) for name in names}) == 1


def test_who_sees_a_part_of_the_cluster_is_refused(demo: DemoStore) -> None:
    service = wiring.ask_service(demo.settings, None, demo.source.now)
    with ApiServer(create_app(Asking(service, lambda _: Scope(("shop",))), "1.2.3")) as server:
        answer = server.get("/metrics")
    assert answer.status_code == 403
    assert "whole cluster" in answer.json()["message"]
    assert "node_" not in answer.text


class Away:
    """A Prometheus that must not be asked."""

    def __init__(self) -> None:
        self.asked = 0

    def fetch(self, query: Query, start: int, end: int, step: int, extra: tuple[Matcher, ...] = ()) -> bytes:
        self.asked += 1
        raise AssertionError((query, start, end, step, extra))

    def now(self) -> float:
        self.asked += 1
        raise AssertionError("the clock")


def test_a_scrape_asks_no_prometheus(demo: DemoStore) -> None:
    away = Away()
    with serving(demo.settings, demo.source.now, away) as server:
        assert Scraped(server).samples["node_total_hourly_cost"]
    assert away.asked == 0


def test_costs_are_computed_once_for_each_state_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    real = newest_costs._costs

    def counted(*arguments: Any) -> Any:
        made.append(1)
        return real(*arguments)

    monkeypatch.setattr(newest_costs, "_costs", counted)
    with kept_in(tmp_path, one_hour(1.0)) as server:
        # The container of one_hour holds half of what its node costs.
        assert Scraped(server).one("node_total_hourly_cost") == 2.0
        assert Scraped(server).one("node_total_hourly_cost") == 2.0
        assert len(made) == 1
        keep(Store(tmp_path), one_hour(8.0), seen(0))
        assert Scraped(server).one("node_total_hourly_cost") == 16.0
        assert len(made) == 2


def test_names_that_could_break_the_text_are_told_as_they_are(tmp_path: Path) -> None:
    hostile = 'a"b\\c\nd}{,=\t# HELP é'
    facts = FactTables([container(pod=hostile, node=hostile, cpu_allocated=3600.0)], [node(name=hostile, cpu_cost=1.0)])
    with kept_in(tmp_path, facts) as server:
        found = Scraped(server)
    assert found.one("container_cpu_allocation", pod=hostile, node=hostile) == 1.0
    assert found.one("node_total_hourly_cost", instance=hostile) == 1.0


def test_without_costs_the_servers_own_health_is_told(tmp_path: Path) -> None:
    with serving(Settings(store=tmp_path, cluster=CLUSTER), lambda: START) as server:
        empty = Scraped(server)
    assert empty.one("farthing_build_info", version="1.2.3") == 1
    assert (empty.one("farthing_store_readable"), empty.one("farthing_stored_seconds")) == (1, 0)
    assert not empty.samples["farthing_cost_hour_start_timestamp_seconds"]
    with kept_in(tmp_path, one_hour(1.0)) as server:
        for path in tmp_path.rglob("asset/*/*/*/*.parquet"):
            path.unlink()
        broken = Scraped(server)
    assert broken.one("farthing_store_readable") == 0
    assert not broken.samples["node_total_hourly_cost"]
    assert broken.one("process_resident_memory_bytes") > 1e6


def test_why_the_store_cannot_be_read_is_logged_once_and_that_it_can_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def logged(server: ApiServer, readable: int) -> list[str]:
        """What each of two scrapes has the log say."""
        caplog.clear()
        for _ in range(2):
            assert Scraped(server).one("farthing_store_readable") == readable
        return [one.getMessage() for one in caplog.records if one.name == "farthing.api"]

    with kept_in(tmp_path, one_hour(1.0)) as server:
        assert logged(server, 1) == []
        keep(Store(tmp_path), one_hour(2.0), seen(0))
        moved = {path: path.with_suffix(".away") for path in tmp_path.rglob("asset/*/*/*/*.parquet")}
        for path, away in moved.items():
            path.rename(away)
        (why,) = logged(server, 0)
        assert why.startswith("the store cannot be read for the metrics of costs: ")
        assert "parquet" in why
        for path, away in moved.items():
            away.rename(path)
        assert logged(server, 1) == ["the store can be read for the metrics of costs again"]


def test_requests_are_counted_by_the_template_of_their_route(demo: DemoStore) -> None:
    with serving(demo.settings, demo.source.now) as server:
        asked = {"window": "today", "aggregate": "namespace"}
        for _ in range(3):
            assert server.get("/model/allocation", **asked).status_code == 200
        assert server.get("/model/allocation", window="7x").status_code == 400
        assert server.get("/secret/of/nobody").status_code == 404
        found = Scraped(server)
    count = "farthing_http_request_duration_seconds_count"
    assert found.one(count, route="/model/allocation", code="200") == 3
    assert found.one(count, route="/model/allocation", code="400") == 1
    assert found.one(count, route="none", code="404") == 1
    assert "secret" not in found.text
    assert (
        found.one("farthing_answers_total", **{"from": "computed"}),
        found.one("farthing_answers_total", **{"from": "kept"}),
    ) == (1, 2)
    assert "_created" not in found.text


def test_what_we_tell_is_never_read_as_a_rate() -> None:
    told = {one.name for one in TOLD}
    read = [query for query in CATALOGUE if query.metric in told]
    assert len(read) >= 10
    for query in read:
        assert Matcher("exporter", "!=", "farthing") in query.matchers, query


@pytest.fixture(scope="module")
def scraper(api: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    """A Prometheus that scrapes the APIs."""
    folder = tmp_path_factory.mktemp("scraper")
    target = api.url.removeprefix("http://")
    with PrometheusServer(folder, programs("prometheus")["prometheus"], targets=[target]) as server:
        wait_until(lambda: value_of(server, "count(node_total_hourly_cost)"), "a scrape")
        yield server


def value_of(server: PrometheusServer, expression: str) -> float:
    """The value of an expression that has one; 0 where it has none."""
    answer = requests.get(f"{server.url}/api/v1/query", params={"query": expression}, timeout=30)
    answer.raise_for_status()
    found = answer.json()["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


OF_NAMESPACE = """
sum(
  sum({held}{{job="opencost", namespace="{namespace}"}}) by (namespace, instance)
  * on(instance) group_left()
  (avg({rate}{{job="opencost"}}) by (instance) {unit})
)
"""
"""What the opencost-mixin's dashboard of a namespace asks, of an hour instead of a month."""


@pytest.mark.prometheus
def test_the_mixins_expressions_say_what_the_allocations_of_the_hour_cost(
    api: ApiServer, scraper: PrometheusServer, asked: dict[str, str]
) -> None:
    (rows,) = api.data("/model/allocation", aggregate="namespace", idle="false", **asked)
    costs = (
        ("container_memory_allocation_bytes", "node_ram_hourly_cost", "/ (1024 * 1024 * 1024)", "ramCost"),
        ("container_cpu_allocation", "node_cpu_hourly_cost", "", "cpuCost"),
        ("container_gpu_allocation", "node_gpu_hourly_cost", "", "gpuCost"),
    )
    for namespace, row in rows.items():
        for held, rate, unit, cost in costs:
            expression = OF_NAMESPACE.format(held=held, rate=rate, unit=unit, namespace=namespace)
            assert value_of(scraper, expression) == pytest.approx(row[cost], rel=1e-9, abs=1e-12), (namespace, cost)
    joined = "sum(container_cpu_allocation * on(node) group_left node_cpu_hourly_cost)"
    assert value_of(scraper, joined) == pytest.approx(sum(row["cpuCost"] for row in rows.values()), rel=1e-9)


@pytest.mark.prometheus
def test_the_mixins_overview_finds_us_and_the_cost_of_nodes(
    api: ApiServer, scraper: PrometheusServer, asked: dict[str, str]
) -> None:
    (nodes,) = api.data("/model/assets", filterTypes="Node", **asked)
    assert value_of(scraper, "count(count by (job) (opencost_build_info))") == 1
    total = value_of(scraper, 'sum(node_total_hourly_cost{job="opencost"})')
    assert total == pytest.approx(sum(row["totalCost"] for row in nodes.values()), rel=1e-9)
    by_type = 'count(sum(node_total_hourly_cost{job="opencost"}) by (node, instance_type, arch))'
    assert value_of(scraper, by_type) == len({row["properties"]["name"] for row in nodes.values()})


@pytest.mark.prometheus
@pytest.mark.parametrize(
    "query", [query for query in CATALOGUE if query.metric in {one.name for one in TOLD}], ids=lambda one: one.name
)
def test_what_prometheus_has_of_us_is_not_read(scraper: PrometheusServer, query: Query) -> None:
    assert value_of(scraper, f"count({replace(query, matchers=()).promql('5m')})") > 0
    assert value_of(scraper, f"count({query.promql('5m')})") == 0


@pytest.mark.prometheus
def test_prometheus_own_linter_finds_no_fault_in_our_own_metrics(scraped: Scraped) -> None:
    promtool = programs("promtool")["promtool"]
    done = subprocess.run(
        [promtool, "check", "metrics"], input=scraped.text, text=True, capture_output=True, check=False
    )
    # OpenCost's names are as they are; a fault in the text itself would be the only line, and of no metric.
    told = [line for line in done.stderr.splitlines() if line.split(" ", 1)[0] not in OPENCOST]
    assert told == []
    assert done.returncode in {0, 3}
