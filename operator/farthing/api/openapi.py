"""What ``/openapi.json`` says of each route beside its parameters: filters of v1, the body of an answer, and of an error."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from farthing.api.failing import CODES
from farthing.model.filters import ASSET_LISTS, LISTS

Json = dict[str, Any]

ROWS: Final[Json] = {"type": "object", "additionalProperties": {"type": "object"}}
"""Rows by their name."""
SETS: Final[Json] = {"type": "array", "items": ROWS}
"""Rows by their name, a map for each set."""
_INSTANT: Final[Json] = {"type": "string", "format": "date-time"}
WINDOW: Final[Json] = {
    "type": "object",
    "properties": {"start": _INSTANT, "end": _INSTANT},
    "required": ["start", "end"],
}
_PARTS: Final = (
    "cpuPercentage", "gpuPercentage", "ramPercentage", "loadBalancerPercentage", "pvPercentage", "nodeResourceCostPercentage",
)  # fmt: skip
_PROPORTION: Final[Json] = {
    "type": "object",
    "properties": {
        "cluster": {"type": "string"},
        "name": {"type": "string", "description": "Of the asset, with idleByNode alone."},
        "type": {"enum": ["Node", "LoadBalancer", "PV"], "description": "With idleByNode alone."},
        "providerID": {"type": "string", "description": "Of the node or the volume, with idleByNode alone."},
        **{name: {"type": "number", "description": "1 for the whole, in spite of its name."} for name in _PARTS},
    },
    "required": ["cluster", *_PARTS],
}
ALLOCATION_SETS: Final[Json] = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "properties": {
                "proportionalAssetResourceCosts": {
                    "type": "object",
                    "additionalProperties": _PROPORTION,
                    "description": "The row's parts by cluster, or by cluster,name; empty unless they are asked for, and of idle.",
                }
            },
            "required": ["proportionalAssetResourceCosts"],
        },
    },
}
"""``SETS`` of allocations."""
SUMMARIES: Final[Json] = {
    "type": "object",
    "properties": {
        "step": {"type": "integer", "description": "Length of a set. [ns]"},
        "sets": {"type": "array", "items": {"type": "object", "properties": {"allocations": ROWS, "window": WINDOW}}},
        "window": WINDOW,
    },
    "required": ["step", "sets", "window"],
}
TOPLINE: Final[Json] = {
    "type": "object",
    "properties": {
        "numResults": {"type": "integer"},
        "combined": {"type": "object", "properties": {"allocations": ROWS, "window": WINDOW}},
    },
    "required": ["numResults", "combined"],
}
ASSET_TOPLINE: Final[Json] = {
    "type": "object",
    "properties": {
        "totalCost": {"type": "number"},
        "adjustment": {"type": "number"},
        "numResults": {"type": "integer"},
    },
    "required": ["totalCost", "adjustment", "numResults"],
}
ANYTHING: Final[Json] = {"type": "object"}
NAMES: Final[Json] = {"type": "array", "items": {"type": "string"}}
NAMES_WITHIN: Final[Json] = {"type": "object", "properties": {"data": NAMES}, "required": ["data"]}
_CHANGE: Final[Json] = {
    "type": "object",
    "properties": {"isInfinite": {"type": "boolean"}, "isNaN": {"type": "boolean"}, "value": {"type": "number"}},
    "required": ["isInfinite", "isNaN", "value"],
}
_TREND: Final[Json] = {
    "type": "object",
    "properties": {
        "trends": {
            "type": "object",
            "properties": {
                "costs": {
                    "type": "object",
                    "additionalProperties": {"type": "object", "properties": {"relativeChange": _CHANGE}},
                }
            },
        }
    },
}
TRENDS: Final[Json] = {
    "type": "object",
    "properties": {
        "step": {"type": "integer", "description": "Length of a set. [ns]"},
        "sets": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "allocationTrends": {"type": "object", "additionalProperties": _TREND},
                    "window": WINDOW,
                },
            },
        },
    },
    "required": ["step", "sets"],
}
DIFFERENCES: Final[Json] = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {"Entity": {"type": "object"}, "Kind": {"enum": ["added", "removed", "changed"]}},
        "required": ["Entity", "Kind"],
    },
}

_ERROR: Final[Json] = {
    "type": "object",
    "properties": {
        "code": {"type": "integer"},
        "status": {"const": "error"},
        "data": {"type": "null"},
        "message": {"type": "string"},
        "error": {"type": "string"},
    },
    "required": ["code", "status", "message", "error"],
}


_HEADERS: Final[Json] = {
    "Warning": {"schema": {"type": "string"}, "description": '299 farthing "…": what is missing, if anything is.'}
}


def answers(data: Json, *, csv: bool = False) -> dict[int | str, Json]:
    """What a route that answers ``data`` says of its answer, for FastAPI's ``responses``."""
    envelope = {
        "type": "object",
        "properties": {
            "code": {"const": 200},
            "status": {"const": "success"},
            "data": data,
            "warning": {"type": "string", "description": "What is missing of the data, if anything is."},
        },
        "required": ["code", "status", "data"],
    }
    told = bare(envelope)
    if csv:
        told["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}
    return told


def bare(data: Json) -> dict[int | str, Json]:
    """The same of a route whose answer is ``data`` and nothing around it."""
    return {
        "200": {"description": "The answer.", "headers": _HEADERS, "content": {"application/json": {"schema": data}}},
        "304": {"description": "As it was, by If-None-Match.", "headers": _HEADERS},
    }


def lists(*, assets: bool = False, csv: bool = True) -> Json:
    """Kubecost's ``filterX`` parameters and, where ``csv`` is offered, ``format``, for FastAPI's ``openapi_extra``."""
    form = {
        "name": "format", "in": "query", "schema": {"enum": ["json", "csv"], "default": "json"},
        "description": "json, or csv of the rows that all sets come to.",
    }  # fmt: skip
    return {"parameters": [*_lists(ASSET_LISTS if assets else LISTS), *([form] if csv else [])]}


def _lists(names: Mapping[str, str]) -> Iterator[Json]:
    for name, field in names.items():
        yield {
            "name": name, "in": "query", "schema": {"type": "string", "maxLength": 4096},
            "description": f"Rows whose {field} is one of these, with commas between; * ends a prefix. Without filter only.",
        }  # fmt: skip


def described(app: FastAPI) -> Json:
    """The OpenAPI document of ``app``, with errors as they are answered."""
    document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    failed = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    codes = sorted({code for _, code in CODES} | {500})
    for path in document["paths"].values():
        for operation in path.values():
            # FastAPI's own way to refuse a parameter, which is not ours.
            operation["responses"].pop("422", None)
            if operation.get("tags") != ["Health"]:
                for code in codes:
                    operation["responses"].setdefault(str(int(code)), {"description": "", "content": failed})
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Error"] = _ERROR
    document["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    # Where --auth none answers everybody, none is wanted.
    document["security"] = [{"bearer": []}, {}]
    return document
