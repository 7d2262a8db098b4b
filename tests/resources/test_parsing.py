from typing import Any

import pytest

from farthing.errors import InvalidInputError
from farthing.resources.asset_report import AssetReport, AssetReportSpec
from farthing.resources.cost_report import CostReport
from farthing.resources.parsing import KINDS, parse_report
from tests.resources.spec_values import BAD, GOOD, UNKNOWN_FIELDS, Refused, body_of


@pytest.mark.parametrize(("kind", "spec"), GOOD, ids=str)
def test_takes_what_the_api_server_takes(kind: str, spec: dict[str, Any]) -> None:
    report = parse_report(body_of(kind, spec))
    assert isinstance(report, KINDS[kind])


@pytest.mark.parametrize("refused", [*BAD, *UNKNOWN_FIELDS], ids=lambda refused: str(refused.spec))
def test_refuses_what_the_api_server_refuses(refused: Refused) -> None:
    with pytest.raises(InvalidInputError):
        parse_report(body_of(refused.kind, refused.spec))


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({}, "spec.window is missing: it is required"),
        ({"window": "7d", "windw": "7d"}, "spec.windw is not a field that is offered: see kubectl explain"),
        (
            {"window": "7d", "aggregate": ["namespce"]},
            "aggregate 'namespce' is not offered; allowed are cluster, node, namespace",
        ),
        ({"window": "7d", "limit": -1}, "spec.limit is '-1': input should be greater than or equal to 0"),
        (
            {"window": "7d", "filter": "pod:web"},
            "filter 'pod:web': at character 5 stands 'web'; expected is a value in",
        ),
        ({"window": "7d", "shareLabels": ["app"]}, "the label 'app' cannot be read: write key:value"),
        ({"window": "7x"}, "window '7x' cannot be read: allowed are"),
        ({"window": "7d", "timezone": "Mars/Base"}, "timezone 'Mars/Base' is not known: allowed are"),
        ({"window": "7d", "schedule": "61 * * * *"}, "schedule '61 * * * *' has minute '61': use 0-59"),
    ],
    ids=str,
)
def test_a_refusal_names_the_field_the_value_and_what_is_allowed(spec: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parse_report(body_of("CostReport", spec))
    assert str(refusal.value).startswith(sentence)


def test_a_window_alone_asks_for_the_whole_window_by_namespace_and_leaves_idle_to_the_scope() -> None:
    report = parse_report(body_of("CostReport", {"window": "7d"}))
    assert isinstance(report, CostReport)
    spec = report.spec
    assert (spec.aggregate, spec.step, spec.accumulate, spec.timezone) == (("namespace",), "", "true", "")
    assert (spec.idle, spec.split_idle, spec.idle_by_node, spec.suspend) == (None, False, False, False)
    assert (spec.formats, spec.limit, spec.sort_by, spec.history) == (("json",), 0, "totalCost", 5)
    assert (spec.schedule, spec.interval) == (None, None)


@pytest.mark.parametrize(
    ("sort", "descending"),
    [
        pytest.param({}, True, id="costs-from-the-dearest"),
        pytest.param({"sortBy": "name"}, False, id="names-from-a"),
        pytest.param({"sortBy": "name", "sortOrder": "desc"}, True, id="names-from-z"),
        pytest.param({"sortOrder": "asc"}, False, id="costs-from-the-cheapest"),
    ],
)
def test_names_ascend_and_numbers_descend_unless_told(sort: dict[str, str], *, descending: bool) -> None:
    for kind in ("CostReport", "AssetReport"):
        assert parse_report(body_of(kind, {"window": "7d", **sort})).spec.descending is descending


def test_without_an_aggregate_a_row_is_one_thing() -> None:
    assert parse_report(body_of("CostReport", {"window": "7d", "aggregate": []})).spec.aggregate_text == "container"
    assert parse_report(body_of("AssetReport", {"window": "7d"})).spec.aggregate_text == "asset"


def test_assets_are_asked_for_as_the_seeds_documents_ask() -> None:
    # Seeds 000 and 002: accumulate and disableAdjustments are false by default; the provider id is spelled in two ways.
    spec = parse_report(body_of("AssetReport", {"window": "7d", "aggregate": ["providerid", "type"]})).spec
    assert isinstance(spec, AssetReportSpec)
    assert (spec.accumulate, spec.disable_adjustments, spec.aggregate) == ("false", False, ("providerID", "type"))
    with pytest.raises(InvalidInputError, match="names a property twice"):
        parse_report(body_of("AssetReport", {"window": "7d", "aggregate": ["providerid", "providerID"]}))


def test_an_aggregate_is_shown_in_the_order_it_was_given() -> None:
    report = parse_report(body_of("CostReport", {"window": "7d", "aggregate": ["pod", "namespace"]}))
    assert report.spec.aggregate_text == "pod,namespace"


@pytest.mark.parametrize(("version", "kind"), [("v1", "ConfigMap"), ("farthing.dev/v1", "CostReport"), (None, None)])
def test_other_kinds_and_versions_are_no_reports(version: str | None, kind: str | None) -> None:
    with pytest.raises(
        InvalidInputError, match=r"is no report: use farthing\.dev/v1alpha1 and CostReport or AssetReport"
    ):
        parse_report({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, "spec": {"window": "7d"}})


def test_an_object_keeps_its_identity() -> None:
    metadata = {"name": "nodes", "namespace": "team", "uid": "u-1", "generation": 3, "labels": {"a": "b"}}
    report = parse_report(body_of("AssetReport", {"window": "7d"}) | {"metadata": metadata})
    assert isinstance(report, AssetReport)
    assert report.metadata.model_dump() == {"name": "nodes", "namespace": "team", "uid": "u-1", "generation": 3}


@pytest.mark.parametrize("status", [{"rows": -1}, {"totals": {"totalCost": 3}}, {"conditions": "none"}])
def test_a_status_of_another_version_does_not_keep_a_report_from_running(status: dict[str, Any]) -> None:
    report = parse_report(body_of("CostReport", {"window": "7d"}) | {"status": status})
    assert report.status == CostReport.model_validate({"metadata": {"name": "x"}, "spec": {"window": "7d"}}).status


def test_a_newer_status_is_read_as_far_as_it_is_known() -> None:
    status = {"rows": 4, "forecast": "12.00"}
    assert parse_report(body_of("CostReport", {"window": "7d"}) | {"status": status}).status.rows == 4
