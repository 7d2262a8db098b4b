"""From what a person or the API server wrote to a report: the same refusals, in the same words, without a cluster."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from farthing.errors import InvalidInputError
from farthing.model.zone import quoted
from farthing.resources import API_VERSION
from farthing.resources.asset_report import AssetReport
from farthing.resources.cost_report import CostReport

Report: TypeAlias = CostReport | AssetReport

KINDS: Final[Mapping[str, type[CostReport] | type[AssetReport]]] = {
    CostReport.KIND: CostReport,
    AssetReport.KIND: AssetReport,
}


def parse_report(body: Mapping[str, Any]) -> Report:
    """The report that ``body``, an object as kubectl shows it, describes; raises InvalidInputError.

    A status that does not fit, written by another version, is left out: the next run writes it anew.
    """
    kind, version = body.get("kind"), body.get("apiVersion")
    if version != API_VERSION or not isinstance(kind, str) or kind not in KINDS:
        raise InvalidInputError(
            f"apiVersion {version!r} with kind {kind!r} is no report: use {API_VERSION} and {' or '.join(KINDS)}",
        )
    known = {name: _plain(body[name]) for name in ("metadata", "spec", "status") if name in body}
    try:
        return KINDS[kind].model_validate(known, by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["loc"][0] == "status":
            return parse_report({name: value for name, value in body.items() if name != "status"})
        raise InvalidInputError(_sentence(first)) from error


def _plain(value: Any) -> Any:
    """``value`` with its mappings as dicts; kopf's are views."""
    return {name: _plain(item) for name, item in value.items()} if isinstance(value, Mapping) else value


def _sentence(error: ErrorDetails) -> str:
    where = ".".join(str(step) for step in error["loc"])
    match error["type"]:
        case "missing":
            return f"{where} is missing: it is required"
        case "extra_forbidden":
            return f"{where} is not a field that is offered: see kubectl explain"
        case _:
            allowed = error["msg"][0].lower() + error["msg"][1:]
            return f"{where} is {quoted(str(error['input']))}: {allowed}"
