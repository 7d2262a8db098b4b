"""What ``/openapi.json`` says of the answers of the two APIs that Kubecost deprecated."""

from typing import Final

from farthing.api.deprecated_shapes import COSTS, KINDS, SAID, VECTORS
from farthing.api.openapi import Json

_TEXT: Final[Json] = {"type": "string"}
_TEXTS: Final[Json] = {"type": "array", "items": _TEXT}
_TEXT_OF_KEY: Final[Json] = {"type": "object", "additionalProperties": _TEXT}
_NUMBER: Final[Json] = {"type": "number"}
_RATIO: Final[Json] = {"type": "number", "description": "Used over requested."}
_POINTS: Final[Json] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "timestamp": {"type": "integer", "description": "Start of the hour. [unix s]"},
            "value": {"type": "number", "description": "Average of the hour [cores, B, GPUs], or its network cost."},
        },
        "required": ["timestamp", "value"],
    },
}
_NODE: Final[Json] = {
    "description": "Prices of an hour of the node, a core, a GiB and a GPU, as strings; null where it is not known, or not yours.",
    "anyOf": [_TEXT_OF_KEY, {"type": "null"}],
}
_CLAIM: Final[Json] = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("class", "claim", "namespace", "clusterId", "volumeName"), _TEXT),
        "persistentVolume": {
            "type": "object",
            "properties": {
                "hourlyCost": {"type": "string", "description": "Of a GiB."},
                "storageClass": _TEXT,
            },
        },
        "values": _POINTS,
    },
}
COST_DATA: Final[Json] = {
    "type": "object",
    "description": "Containers by namespace,pod,container,node,cluster; of each the fields that filterFields leaves.",
    "additionalProperties": {
        "type": "object",
        "properties": {
            **dict.fromkeys(("name", "podName", "nodeName", "namespace", "clusterId", "clusterName"), _TEXT),
            **dict.fromkeys(VECTORS, _POINTS),
            **dict.fromkeys(("services", *KINDS), _TEXTS),
            **dict.fromkeys(SAID, _TEXT_OF_KEY),
            "node": _NODE,
            "pvcData": {"type": "array", "items": _CLAIM},
        },
    },
}

_NUMBERS: Final[Json] = {
    **dict.fromkeys((*(f"{one}Cost" for one in COSTS), "sharedCost", "totalCost"), _NUMBER),
    "cpuAllocationAverage": {"type": "number", "description": "Of the passed part of the window. [cores]"},
    "gpuAllocationAverage": {"type": "number", "description": "Likewise. [GPUs]"},
    "ramAllocationAverage": {"type": "number", "description": "Likewise. [GiB]"},
    "pvAllocationAverage": {"type": "number", "description": "Likewise. [GiB]"},
    **dict.fromkeys(("cpuEfficiency", "ramEfficiency", "efficiency"), _RATIO),
}
AGGREGATED: Final[Json] = {
    "type": "object",
    "description": "Rows by their environment.",
    "additionalProperties": {
        "type": "object",
        "properties": {
            **dict.fromkeys(("aggregation", "environment", "cluster"), _TEXT),
            "subfields": _TEXTS,
            **_NUMBERS,
        },
        "required": ["aggregation", "environment", *_NUMBERS],
    },
}
