"""What a URL asks of assets, with Kubecost's defaults."""

from typing import ClassVar

from pydantic import Field

from farthing.api.parameters import LONGEST, Pages, Parameters, report_of, spec_of
from farthing.api.patterns import list_of
from farthing.model.question import ASSET_AGGREGATES
from farthing.resources.asset_report import AssetReport
from farthing.resources.parsing import Report
from farthing.resources.rules import ASSET_SPELLINGS


class AssetParameters(Parameters, Pages):
    """Parameters of ``/model/assets``, with Kubecost's defaults."""

    KIND: ClassVar[str] = AssetReport.KIND

    aggregate: str = Field(
        "",
        max_length=LONGEST,
        description="Properties that name a row, with commas between, such as type or label:pool; none is a row an asset.",
        json_schema_extra=list_of((*ASSET_AGGREGATES, *ASSET_SPELLINGS)),
    )
    disable_adjustments: bool = Field(
        default=False, description="Whether costs are at list price, without what bills changed."
    )

    def report(self, window: str, step: str, *, cluster: bool = True) -> Report:  # noqa: ARG002 - assets have neither idle nor overhead to leave out
        """The report that is asked for, over ``window`` in sets of ``step``. Raises InvalidInputError."""
        return report_of(self.KIND, {**spec_of(self, window, step), "disableAdjustments": self.disable_adjustments})
