"""Who may see what over HTTP, with Kubernetes' answers made up: tests/api/test_tenants_on_apiserver.py asks the real one."""

from collections.abc import Iterator

import pytest

from farthing import wiring
from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.api.seen import by_token, everything, of_this_machine
from farthing.errors import KubernetesUnreachableError
from farthing.services.authorizing import KEPT_SECONDS, MOST_NAMESPACES, Authorizer
from tests.support.api_server import ApiServer
from tests.support.demo_store import DemoStore

pytestmark = pytest.mark.slow
RIGHTS = {
    "of-shop": {("costs", "shop")},
    "of-two": {("costs", "shop"), ("costs", "data")},
    "of-all-namespaces": {("costs", "")},
    "of-the-cluster": {("clustercosts", "")},
    "of-nothing": set(),
    # As Kubernetes has it, who may get something in all namespaces may in each.
    "of-an-empty-cluster-right": {("clustercosts", "shop")},
}


class FakeReviews:
    """Kubernetes' reviews by ``RIGHTS``."""

    def __init__(self) -> None:
        self.rights = {token: set(rights) for token, rights in RIGHTS.items()}
        self.away = False
        self.asked = 0

    def user(self, token: str) -> str | None:
        self.asked += 1
        if self.away:
            raise KubernetesUnreachableError("https://10.0.0.1:443 did not answer while reviewing a token")
        return token if token in self.rights else None

    def may_get(self, user: str, resource: str, namespace: str = "") -> bool:
        self.asked += 1
        return bool({(resource, namespace), (resource, "")} & self.rights[user])


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def reviews() -> FakeReviews:
    return FakeReviews()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limited(demo: DemoStore, reviews: FakeReviews, clock: Clock) -> Iterator[ApiServer]:
    service = wiring.ask_service(demo.settings, demo.source, demo.source.now)
    scopes = by_token(Authorizer(reviews, service.namespaces, clock))
    with ApiServer(create_app(Asking(service, scopes), "0.0.0")) as server:
        yield server


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def rows(api: ApiServer, token: str, path: str = "/model/allocation", **asked: str) -> set[str]:
    answer = api.get(path, bearer(token), **{"window": "2d", "aggregate": "namespace", "accumulate": "true", **asked})
    assert answer.status_code == 200, answer.text
    return set(answer.json()["data"][0])


def test_each_token_sees_its_namespaces_and_only_the_clusters_sees_idle(limited: ApiServer) -> None:
    everything = rows(limited, "of-the-cluster")
    assert "__idle__" in everything
    assert rows(limited, "of-shop") == {"shop"}
    assert rows(limited, "of-two") == {"shop", "data"}
    assert rows(limited, "of-all-namespaces") == everything - {"__idle__", "__unallocated__"}


def test_a_namespace_costs_the_same_for_its_tenant_and_for_the_cluster(limited: ApiServer) -> None:
    asked = {"window": "2d", "aggregate": "namespace", "accumulate": "true", "shareTenancyCosts": "false"}
    of_tenant = limited.get("/model/allocation", bearer("of-two"), **asked).json()["data"][0]
    of_cluster = limited.get("/model/allocation", bearer("of-the-cluster"), **asked).json()["data"][0]
    for name in ("shop", "data"):
        assert of_tenant[name]["totalCost"] == pytest.approx(of_cluster[name]["totalCost"], rel=1e-12)


def test_a_tenant_is_told_what_is_left_out(limited: ApiServer) -> None:
    answer = limited.get("/model/allocation", bearer("of-shop"), window="2d", idle="true").json()
    assert "idle costs and what the cluster costs itself are left out" in answer["warning"]


@pytest.mark.parametrize(
    "asked",
    [
        {"aggregate": "cluster"},
        {"aggregate": "node"},
        {"filter": 'node:"ip-10-0-1-11"'},
        {"filterNodes": "ip-*"},
        {"shareIdle": "true"},
        {"shareNamespaces": "data"},
        {"shareCost": "100"},
    ],
)
def test_what_would_tell_of_the_cluster_is_refused(limited: ApiServer, asked: dict[str, str]) -> None:
    answer = limited.get("/model/allocation", bearer("of-shop"), **{"window": "2d", "aggregate": "pod", **asked})
    assert answer.status_code == 403, answer.text
    assert "this token sees only the costs of its own namespaces" in answer.json()["message"]


def test_another_namespace_is_as_one_that_is_not_there(limited: ApiServer) -> None:
    other = limited.get("/model/allocation", bearer("of-shop"), window="2d", filterNamespaces="data")
    nobodys = limited.get("/model/allocation", bearer("of-shop"), window="2d", filterNamespaces="nobodys")
    assert other.status_code == 200
    assert other.content == nobodys.content
    assert other.headers["etag"] == nobodys.headers["etag"]


def test_assets_of_a_tenant_are_its_disks_and_balancers(limited: ApiServer) -> None:
    (of_tenant,) = limited.get("/model/assets", bearer("of-two"), window="2d", accumulate="true").json()["data"]
    assert {row["type"] for row in of_tenant.values()} <= {"Disk", "LoadBalancer"}
    assert of_tenant
    refused = limited.get("/model/assets", bearer("of-two"), window="2d", aggregate="cluster")
    assert refused.status_code == 403


@pytest.mark.parametrize("path", ["/model/allocation", "/assets", "/model/getConfigs", "/model/clusterInfo"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic b2Y6c2hvcA=="}, bearer(""), bearer("nobodys")])
def test_without_a_token_that_kubernetes_knows_nothing_is_told(
    limited: ApiServer, path: str, headers: dict[str, str]
) -> None:
    # Before anything else is looked at: a window that is missing is no news for a stranger.
    answer = limited.get(path, headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["code"] == 401


@pytest.mark.parametrize("token", ["of-nothing", "of-an-empty-cluster-right"])
@pytest.mark.parametrize("path", ["/model/allocation", "/assets", "/model/getConfigs"])
def test_who_has_no_right_is_refused(limited: ApiServer, token: str, path: str) -> None:
    answer = limited.get(path, bearer(token), window="2d")
    assert answer.status_code == 403
    assert "costs.farthing.dev" in answer.json()["message"]


def test_while_kubernetes_does_not_answer_nobody_is_let_in(limited: ApiServer, reviews: FakeReviews) -> None:
    reviews.away = True
    answer = limited.get("/model/allocation", bearer("of-the-cluster"), window="2d")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "10.0.0.1" not in answer.text


def test_a_right_that_is_taken_away_is_gone_within_a_minute(
    limited: ApiServer, reviews: FakeReviews, clock: Clock
) -> None:
    assert rows(limited, "of-two") == {"shop", "data"}
    asked = reviews.asked
    assert rows(limited, "of-two", aggregate="controller")
    assert reviews.asked == asked
    reviews.rights["of-two"] = {("costs", "data")}
    clock.now += min(KEPT_SECONDS, 59.0)
    assert rows(limited, "of-two") == {"data"}


def test_probes_need_no_token(limited: ApiServer) -> None:
    assert limited.get("/healthz").status_code == 200


def test_a_tenant_of_too_many_namespaces_is_refused_before_each_is_asked(reviews: FakeReviews) -> None:
    names = [f"n-{number}" for number in range(MOST_NAMESPACES + 1)]
    authorizer = Authorizer(reviews, lambda: names)
    with pytest.raises(Exception, match=f"more than {MOST_NAMESPACES} namespaces"):
        authorizer.scope("of-shop")
    assert reviews.asked == 3
    assert authorizer.scope("of-all-namespaces").namespaces == tuple(sorted(names))


def test_an_answer_of_a_still_store_grows_old(demo: DemoStore) -> None:
    at = [demo.now]
    service = wiring.ask_service(demo.settings, demo.source, lambda: float(at[0]))
    with ApiServer(create_app(Asking(service, everything), "0.0.0")) as server:
        asked = {"window": "today", "aggregate": "namespace", "accumulate": "true"}
        assert "warning" not in server.get("/model/allocation", **asked).json()
        at[0] += 5 * 3600
        assert "incomplete" in server.get("/model/allocation", **asked).json()["warning"]


def test_a_page_elsewhere_whose_name_leads_here_is_told_nothing(demo: DemoStore) -> None:
    service = wiring.ask_service(demo.settings, demo.source, demo.source.now)
    with ApiServer(create_app(Asking(service, of_this_machine), "0.0.0")) as server:
        assert server.get("/model/getConfigs").status_code == 200
        assert server.get("/model/getConfigs", {"Host": "evil.example:9090"}).status_code == 403
