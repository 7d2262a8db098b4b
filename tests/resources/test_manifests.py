from pathlib import Path
from typing import Any

import pytest
import yaml

from farthing.model.prices import Prices
from farthing.resources.parsing import parse_report
from farthing.resources.price_parsing import book_of, parse_price_book

MANIFESTS = Path(__file__).parents[2] / "manifests"
SAMPLES = sorted((MANIFESTS / "samples").glob("*.yaml"))
PRICES = MANIFESTS / "samples" / "prices" / "contract.yaml"


def documents(file: str) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all((MANIFESTS / file).read_text(encoding="utf-8")) if one]


@pytest.fixture(scope="module")
def pod() -> dict[str, Any]:
    (deployment,) = documents("deployment.yaml")
    spec: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_every_sample_is_a_report_that_sees_the_whole_cluster(file: Path) -> None:
    report = parse_report(yaml.safe_load(file.read_text(encoding="utf-8")))
    assert (report.metadata.name, report.metadata.namespace) == (file.stem, "farthing-system")


def test_the_sample_of_prices_can_be_used_and_is_not_applied_with_the_others() -> None:
    book = book_of(parse_price_book(yaml.safe_load(PRICES.read_text(encoding="utf-8"))))
    assert [one.source for one in Prices((book,)).rules] == ["contract/owned", "contract/spot", "contract/everything"]


def test_the_operator_may_do_no_more_than_read_reports_write_status_keep_rows_post_events_and_review_tokens() -> None:
    (role,) = (
        one for one in documents("rbac.yaml") if one["kind"] == "ClusterRole" and one["metadata"]["name"] == "farthing"
    )
    granted = {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    kinds = ("costreports", "assetreports", "pricebooks")
    assert granted == {
        *(("farthing.dev", kind, verb) for kind in kinds for verb in ("get", "list", "watch")),
        *(("farthing.dev", f"{kind}/status", "patch") for kind in kinds),
        *(("", "configmaps", verb) for verb in ("get", "list", "watch", "create", "patch", "delete")),
        ("", "events", "create"),
        ("authentication.k8s.io", "tokenreviews", "create"),
        ("authorization.k8s.io", "subjectaccessreviews", "create"),
    }


def test_who_may_view_a_namespace_may_get_its_costs_and_only_who_is_bound_to_a_role_of_its_own_the_clusters() -> None:
    roles = {one["metadata"]["name"]: one for one in documents("rbac.yaml") if one["kind"] == "ClusterRole"}
    granting = {
        resource: [name for name, role in roles.items() if any(resource in rule["resources"] for rule in role["rules"])]
        for resource in ("costs", "clustercosts")
    }
    assert granting == {"costs": ["farthing-reports-view"], "clustercosts": ["farthing-clustercosts-view"]}
    assert not any("aggregate" in label for label in roles["farthing-clustercosts-view"]["metadata"]["labels"])


def test_there_is_one_writer_and_never_two() -> None:
    (deployment,) = documents("deployment.yaml")
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}


def test_the_pod_can_write_to_its_store_and_tmp_only(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/var/lib/farthing", "/tmp"}  # noqa: S108


def test_the_pod_runs_as_a_numbered_user_so_that_non_root_can_be_verified(pod: dict[str, Any]) -> None:
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsNonRoot"]) == (65532, True)


def test_only_the_operator_is_given_a_token(pod: dict[str, Any]) -> None:
    (account,) = (one for one in documents("rbac.yaml") if one["kind"] == "ServiceAccount")
    assert (account["automountServiceAccountToken"], pod["automountServiceAccountToken"]) == (False, True)


def test_the_store_is_where_the_operator_is_told(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    environment = {one["name"]: one.get("value") for one in container["env"]}
    (claim,) = documents("pvc.yaml")
    store = next(one for one in pod["volumes"] if one["name"] == "store")
    assert environment["FARTHING_STORE"] == "/var/lib/farthing"
    assert store["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
