"""What a URL asks of a prediction: Kubecost's parameters of speccost, with the defaults of kubectl-cost."""

from typing import Any

from pydantic import Field

from farthing.api.parameters import WINDOW_TEXT, Given, report_of
from farthing.api.patterns import NAMESPACE, WINDOW
from farthing.errors import InvalidInputError
from farthing.resources.asset_report import AssetReport
from farthing.resources.cost_report import CostReport
from farthing.resources.parsing import Report


class PredictionParameters(Given):
    """Parameters of ``/model/prediction/speccost``."""

    no_usage: bool = Field(
        default=False, description="Whether only requests count, and not what workloads used so far."
    )
    window_avg_usage: str = Field(
        "2d",
        max_length=100,
        description=f"When what runs already is looked at. {WINDOW_TEXT}",
        json_schema_extra=WINDOW,
    )
    window_resource_cost: str = Field(
        "7d offset 48h",
        max_length=100,
        description=f"When what nodes cost is looked at. {WINDOW_TEXT}",
        json_schema_extra=WINDOW,
    )
    cluster_id: str = Field(
        "",
        alias="clusterID",
        max_length=253,
        description="The cluster, which must be the one that answers; empty is it.",
    )
    default_namespace: str = Field(
        "default",
        max_length=63,
        description="The namespace of workloads that name none.",
        pattern=NAMESPACE,
    )

    def costs(self) -> Report:
        """The report of the nodes whose rates count. Raises InvalidInputError."""
        return _report(AssetReport.KIND, "windowResourceCost", self.window_resource_cost)

    def use(self) -> Report:
        """The report of what runs already. Raises InvalidInputError."""
        return _report(CostReport.KIND, "windowAvgUsage", self.window_avg_usage)


def _report(kind: str, parameter: str, window: str) -> Report:
    spec: dict[str, Any] = {"window": window, "aggregate": []}
    try:
        return report_of(kind, spec)
    except InvalidInputError as error:
        # The report knows one window, the URL two.
        raise type(error)(f"{parameter}{str(error).removeprefix('window')}") from error
