"""What workloads would cost, and what they cost now: from their manifests, and from what is stored."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from farthing.errors import NoDataError
from farthing.model.answer import Seen
from farthing.model.prediction import (
    Amounts,
    ClusterRates,
    Running,
    Workload,
    cluster_rates,
    held_after,
    held_before,
    monthly,
    node_costs,
)
from farthing.model.question import Question
from farthing.model.tables import RESOURCES
from farthing.model.workload_use import WorkloadUse
from farthing.services.asking import AskService
from farthing.services.elapsed import Elapsed

MOST_ROWS: Final = 30_000
"""Containers of workloads that are read for one prediction."""

Months: TypeAlias = Mapping[str, tuple[float, float]]
"""``model.prediction.monthly``."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a workload costs a month as it runs now, and as its manifest says."""

    workload: Workload
    before: Months
    after: Months


def predictions(
    service: AskService, workloads: Sequence[Workload], costs: Question, use: Question, *, with_use: bool
) -> tuple[list[Prediction], tuple[Seen, Seen]]:
    """Of each of ``workloads``, at the average rates of the nodes of ``costs``, beside what ``use`` tells of it; and what was seen of both.

    Raises as ``Answerer.facts``, BusyError, and NoDataError for what no node had.
    """
    rates, of_costs = _rates(service, costs)
    running, of_use = _running(service, use)

    def prediction(workload: Workload) -> Prediction:
        before = held_before(running.get(workload.key), with_use=with_use)
        after = held_after(workload, running.get(workload.key), rates.nodes, with_use=with_use)
        return Prediction(workload, monthly(before, rates), monthly(after, rates))

    return [prediction(workload) for workload in workloads], (of_costs, of_use)


def _rates(service: AskService, costs: Question) -> tuple[ClusterRates, Seen]:
    try:
        (row,), seen = service.facts(costs, node_costs, 1)
    except NoDataError as error:
        raise NoDataError(f"windowResourceCost: {error}") from error
    return cluster_rates(row, Elapsed.of(seen.coverage).total), seen


def _running(service: AskService, use: Question) -> tuple[dict[tuple[str, str, str], Running], Seen]:
    """What runs, by ``Workload.key``, and what was seen."""
    try:
        rows, seen = service.facts(use, WorkloadUse(), MOST_ROWS)
    except NoDataError as error:
        raise NoDataError(f"windowAvgUsage: {error}") from error
    elapsed = Elapsed.of(seen.coverage)
    of_workloads: dict[tuple[str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        of_workloads[row["namespace"], row["controller_kind"], row["controller"]].append(row)
    running = {
        key: _of_containers(found, elapsed.since(min(row["first_start"] for row in found)))
        for key, found in of_workloads.items()
    }
    return running, seen


def _of_containers(found: Sequence[Mapping[str, Any]], seconds: float) -> Running:
    """What the containers ``found`` of a workload held in ``seconds``, since the first of them."""
    if seconds <= 0:
        return Running(dict.fromkeys(RESOURCES, 0.0), dict.fromkeys(RESOURCES, 0.0))

    def average(part: str) -> Amounts:
        return {resource: sum(row[f"{resource}_{part}"] for row in found) / seconds for resource in RESOURCES}

    used = {
        row["container"]: {resource: row[f"{resource}_used"] / row["run_seconds"] for resource in RESOURCES}
        for row in found
    }
    return Running(average("requested"), average("allocated"), used, max(row["run_seconds"] for row in found) / seconds)
