"""Names of rows are split at their slashes: a part holds none, and a row of two such values is one row with the cost of both."""

from pathlib import Path

import pytest

from farthing.model.question import Shape
from farthing.store.reading import Reader
from tests.support.fact_rows import FactTables, container, said

AZURE = "azure:///subscriptions/s/virtualMachines/vm-1"


def costs(tmp_path: Path, *aggregate: str) -> dict[str, tuple[float, str]]:
    """What rows cost, and the provider id that their containers share."""
    containers = [
        container(pod="a", cluster="prod/eu", provider_id=AZURE, cpu_cost=1.0),
        container(pod="b", cluster="prod/eu", provider_id="aws:///eu-west-1a/i-0b", cpu_cost=2.0),
        container(pod="c", cluster="prod/eu", provider_id="gce://shop/zone-a/node-c", cpu_cost=4.0),
    ]
    workload = [
        said("annotation", "build", "ci/7", pod="a"),
        said("annotation", "build", "ci_7", pod="b"),
        said("label", "app", "web", pod="c"),
    ]
    for one in workload:
        one["cluster"] = "prod/eu"
    with FactTables(containers, workload=workload) as tables:
        rows = Reader().rows(Shape("allocation", aggregate, idle=False), [tables.part(tmp_path, {0: 0})])
    return {row["name"]: (row["total_cost"], row["provider_id"]) for row in rows if not row["is_idle"]}


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        (("cluster",), {"prod_eu": (7.0, "")}),
        (("annotation:build",), {"build=ci_7": (3.0, ""), "__unallocated__": (4.0, "")}),
        (
            ("cluster", "annotation:build"),
            {"prod_eu/build=ci_7": (3.0, ""), "prod_eu/__unallocated__": (4.0, "")},
        ),
        (
            ("cluster", "providerID"),
            {
                "prod_eu/azure:___subscriptions_s_virtualMachines_vm-1": (1.0, AZURE),
                "prod_eu/i-0b": (2.0, "aws:///eu-west-1a/i-0b"),
                "prod_eu/node-c": (4.0, "gce://shop/zone-a/node-c"),
            },
        ),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, tuple) else "",
)
def test_parts_of_names_have_no_slashes(
    tmp_path: Path, aggregate: tuple[str, ...], expected: dict[str, tuple[float, str]]
) -> None:
    found = costs(tmp_path, *aggregate)
    # Rows by annotation tell no provider id.
    assert {name: cost for name, (cost, _) in found.items()} == {name: cost for name, (cost, _) in expected.items()}
    assert {len(name.split("/")) for name in found} == {len(aggregate)}
    if "providerID" in aggregate:
        assert found == expected
