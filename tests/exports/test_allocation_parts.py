"""The parts of a row, under Kubecost's names."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from farthing.exports.allocation_parts import Parts
from farthing.model.answer import Answer, Seen
from farthing.model.question import Question, Shape, Sharing
from farthing.model.window import Window

HOUR = Window(datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC) + timedelta(hours=1))


def parts(shape: Shape, **details: list[dict[str, Any]]) -> Parts:
    return Parts(Answer(Question(shape, HOUR, ((HOUR,),)), [], {}, 0, Seen(()), details))


def test_the_breakdown_adds_up_also_where_a_namespace_is_called_as_the_overhead_is() -> None:
    shape = Shape("allocation", ("pod",), sharing=Sharing(namespaces=("overhead",), overhead=True))
    shared = [{"set": 0, "part": "overhead", "cost": 2.0}, {"set": 0, "part": "overhead", "cost": 0.5}]
    shared.append({"set": 1, "part": "overhead", "cost": 9.0})
    told = parts(shape, shared=shared).shared({"set": 0, "share": 0.5})
    assert told == {"overhead": {"name": "overhead", "totalCost": pytest.approx(1.25)}}


def test_volumes_and_balancers_cost_what_they_do_before_bills_adjust_them() -> None:
    row = {"set": 0, "name": "shop"}
    volume = {**row, "cluster": "one", "volume_name": "pv-1", "byte_seconds": 7200.0, "cost": 1.0, "adjustment": -1.0}
    told = parts(Shape("allocation", ("namespace",)), volume=[{**volume, "provider_id": "aws:///eu-west-1a/vol-1"}])
    assert told.volumes(row) == {
        "cluster=one:name=pv-1": {"byteHours": 2.0, "cost": 2.0, "providerID": "vol-1", "adjustment": -1.0}
    }
    balancer = {
        **row,
        "cluster": "one",
        "namespace": "shop",
        "service": "web",
        "address": "10.0.0.7",
        "run_seconds": 3600.0,
    }
    told = parts(Shape("allocation", ("namespace",)), balancer=[{**balancer, "cost": 0.5}])
    assert told.balancers(row) == {
        "one/shop/web": {
            "service": "shop/web", "cost": 0.5, "private": True, "ip": "10.0.0.7", "hours": 1.0, "adjustment": 0.0,
        }
    }  # fmt: skip
