"""Two tenants on the real kube-apiserver: no request tells one of them anything that depends on the other."""

import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.api.seen import by_token
from farthing.kube.reviews import Reviews
from farthing.services.authorizing import Authorizer
from tests.support.api_server import ApiServer
from tests.support.cluster import Cluster, write_kubeconfig
from tests.support.controlplane import ControlPlane
from tests.support.installed import install
from tests.support.tenants import AZURE, CRIMSON, asked_of, requests_of, tenants

REQUESTS = 500


def rounded(text: str) -> str:
    """``text`` with its numbers to eleven digits."""
    return re.sub(r"[0-9]+\.[0-9]+(e-?[0-9]+)?", lambda number: f"{float(number[0]):.11g}", text)


@dataclass
class Tenants:
    """The APIs over the two tenants' cluster, and over the same where one of them is another, by that one's name."""

    apis: dict[str, ApiServer]
    namespaces: dict[str, str]
    tokens: dict[str, str]

    @property
    def paths(self) -> tuple[str, ...]:
        """Every route that is read."""
        document = self.apis[""].get("/openapi.json").json()
        return tuple(sorted(path for path, routes in document["paths"].items() if "get" in routes))


@pytest.fixture(scope="module")
def given_tenants(control_plane: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenants]:
    kubeconfig = install(control_plane)
    run = uuid.uuid4().hex[:6]
    namespaces = {who: f"{who}-{run}" for who in (AZURE, CRIMSON)}
    tokens = {}
    for who, namespace in namespaces.items():
        control_plane.create_namespace(namespace)
        # Who may view a namespace sees its costs: no role of ours is bound.
        control_plane.kubectl(
            "create", "rolebinding", "viewer", "--clusterrole=view", f"--serviceaccount={namespace}:default", "-n", namespace
        )  # fmt: skip
        tokens[who] = control_plane.kubectl("create", "token", "default", "-n", namespace).stdout.strip()
    folder = tmp_path_factory.mktemp("tenants")
    with ExitStack() as held:
        apis = {}
        for other in ("", AZURE, CRIMSON):
            service = asked_of(folder / f"but-{other}", tenants(namespaces, other))
            reviews = Reviews(kubeconfig)
            held.callback(reviews.close)
            app = create_app(Asking(service, by_token(Authorizer(reviews, service.namespaces))), "0.0.0")
            apis[other] = held.enter_context(ApiServer(app))
        yield Tenants(apis, namespaces, tokens)
    for namespace in namespaces.values():
        control_plane.kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.mark.parametrize(("who", "other"), [(AZURE, CRIMSON), (CRIMSON, AZURE)])
def test_nothing_that_a_tenant_is_told_depends_on_another(given_tenants: Tenants, who: str, other: str) -> None:
    answered = 0
    headers = {"Authorization": f"Bearer {given_tenants.tokens[who]}"}
    asked = requests_of(given_tenants.namespaces, given_tenants.paths)

    @settings(max_examples=REQUESTS, deadline=None, suppress_health_check=list(HealthCheck))
    @given(asked)
    def law(request: tuple[str, dict[str, str]]) -> None:
        nonlocal answered
        path, parameters = request
        one, same = (given_tenants.apis[name].get(path, headers, **parameters) for name in ("", other))
        # Names, numbers and errors are those of a cluster in which the other's are quite different; where the last digit
        # depends on the order in which an hour was added up, so does the ETag.
        assert (one.status_code, rounded(one.text)) == (same.status_code, rounded(same.text))
        if one.text == same.text:
            assert one.headers.get("etag") == same.headers.get("etag")
        assert one.status_code < 500, one.text
        if not any(other in value for value in parameters.values()):
            assert other not in one.text
        answered += one.status_code == 200

    law()
    assert answered > REQUESTS / 10


def test_the_others_things_are_there_for_who_sees_the_cluster(given_tenants: Tenants, control_plane: Cluster) -> None:
    namespace = given_tenants.namespaces[AZURE]
    control_plane.kubectl("create", "serviceaccount", "finance", "-n", namespace)
    control_plane.kubectl(
        "create", "clusterrolebinding", f"finance-{namespace}", "--clusterrole=farthing-clustercosts-view",
        f"--serviceaccount={namespace}:finance",
    )  # fmt: skip
    token = control_plane.kubectl("create", "token", "finance", "-n", namespace).stdout.strip()
    asked = {"window": "1d", "aggregate": "namespace", "accumulate": "true"}
    (rows,) = (
        given_tenants.apis[""].get("/model/allocation", {"Authorization": f"Bearer {token}"}, **asked).json()["data"]
    )
    assert {*given_tenants.namespaces.values(), "__idle__"} <= set(rows)
    control_plane.kubectl("delete", "clusterrolebinding", f"finance-{namespace}")


@pytest.mark.parametrize("path", ["/model/allocation?window=1d", "/model/assets?window=1d", "/model/getConfigs"])
def test_without_a_token_401_and_without_a_right_403(given_tenants: Tenants, control_plane: Cluster, path: str) -> None:
    api = given_tenants.apis[""]
    assert api.get(path).status_code == 401
    assert api.get(path, {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}).status_code == 401
    stranger = control_plane.kubectl("create", "token", "default", "-n", "default").stdout.strip()
    assert api.get(path, {"Authorization": f"Bearer {stranger}"}).status_code == 403


def test_when_the_apiserver_does_not_answer_nobody_is_let_in(
    given_tenants: Tenants, own_control_plane: ControlPlane, tmp_path: Path
) -> None:
    closed, run = tmp_path / "closed.kubeconfig", uuid.uuid4().hex
    write_kubeconfig(closed, url="https://127.0.0.1:1", ca_file=own_control_plane.ca_file, user="farthing", token=run)
    reviews = Reviews(closed)
    scopes = by_token(Authorizer(reviews, lambda: list(given_tenants.namespaces.values())))
    asking = Asking(asked_of(tmp_path / "store", tenants(given_tenants.namespaces)), scopes)
    with ApiServer(create_app(asking, "0.0.0")) as api:
        answer = api.get("/model/allocation", {"Authorization": f"Bearer {given_tenants.tokens[AZURE]}"}, window="1d")
    reviews.close()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "127.0.0.1" not in answer.text
