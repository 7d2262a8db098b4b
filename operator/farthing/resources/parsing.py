"""From what a person or the API server wrote to a report: the same refusals, in the same words, without a cluster."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

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

Kind = TypeVar("Kind", bound=BaseModel)


def parse_report(body: Mapping[str, Any]) -> Report:
    """The report that ``body``, an object as kubectl shows it, describes; raises InvalidInputError."""
    kinds: Mapping[str, type[Report]] = KINDS
    return parse_object(body, kinds, "report")


def parse_object(body: Mapping[str, Any], kinds: Mapping[str, type[Kind]], what: str) -> Kind:
    """The object of one of ``kinds`` that ``body`` describes; raises InvalidInputError, which calls it ``what``.

    A status that does not fit, written by another version, is left out: the next run writes it anew.
    """
    kind, version = body.get("kind"), body.get("apiVersion")
    if version != API_VERSION or not isinstance(kind, str) or kind not in kinds:
        raise InvalidInputError(
            f"apiVersion {version!r} with kind {kind!r} is no {what}: use {API_VERSION} and {' or '.join(kinds)}",
        )
    known = {name: _plain(body[name]) for name in ("metadata", "spec", "status") if name in body}
    try:
        return kinds[kind].model_validate(known, by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["loc"][0] == "status":
            return parse_object({name: value for name, value in body.items() if name != "status"}, kinds, what)
        raise InvalidInputError(sentence(first)) from error


def _plain(value: Any) -> Any:
    """``value`` with its mappings as dicts; kopf's are views."""
    return {name: _plain(item) for name, item in value.items()} if isinstance(value, Mapping) else value


def sentence(error: Mapping[str, Any]) -> str:
    """What pydantic found wrong, as one sentence: where, what, and what is allowed."""
    where = ".".join(str(step) for step in error["loc"])
    match error["type"]:
        case "missing":
            return f"{where} is missing: it is required"
        case "extra_forbidden":
            return f"{where} is not a field that is offered: see kubectl explain"
        case _:
            allowed = error["msg"][0].lower() + error["msg"][1:]
            return f"{where} is {quoted(str(error['input']))}: {allowed}"
