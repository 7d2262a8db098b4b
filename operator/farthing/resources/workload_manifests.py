"""Manifests of Kubernetes, read for what their pods request."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from farthing.errors import InvalidInputError
from farthing.model.prediction import Workload
from farthing.model.tables import RESOURCES
from farthing.model.zone import quoted
from farthing.resources.quantity import parse_quantity
from farthing.resources.yaml_text import Tree, documents

MOST_OBJECTS: Final = 1_000
MOST_CONTAINERS: Final = 100
"""Of one pod."""
MOST_PODS: Final = 1_000_000
"""Of one workload."""

NUMBER_OF_PODS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Deployment": "replicas",
        "StatefulSet": "replicas",
        "ReplicaSet": "replicas",
        "ReplicationController": "replicas",
        "DaemonSet": "",
        "Job": "parallelism",
        "Pod": "",
    }
)
"""Kinds that are predicted, and the field that says how many pods they have, empty where none does."""

RUN_NOW_AND_THEN: Final = "CronJob"

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_COUNT: Final = re.compile("[0-9]{1,7}")
_MIG: Final = re.compile(r"nvidia\.com/mig-([0-9]{1,2})g\.[0-9a-z.+-]{1,40}")
_NOTHING: Final = ("", "null", "~", "Null", "NULL")

Requests = dict[str, float]


def workloads(body: bytes, default_namespace: str) -> list[Workload]:
    """The workloads of all documents of ``body``, and of the items of its lists, in order; other kinds are passed over.

    Raises InvalidInputError, which names the document and the field.
    """
    found: list[Workload] = []
    for number, (where, given) in enumerate(_objects(body), 1):
        if number > MOST_OBJECTS:
            raise InvalidInputError(f"the body holds more than {MOST_OBJECTS} objects: send fewer at a time")
        try:
            found.extend(_workload(given, default_namespace))
        except InvalidInputError as error:
            raise InvalidInputError(f"{where}: {error}") from error
    if not found:
        raise InvalidInputError(f"the body holds no {', '.join(NUMBER_OF_PODS)}: there is nothing to predict")
    return found


def _objects(body: bytes) -> Iterator[tuple[str, Tree]]:
    """Each object of ``body``, with where it stands."""
    for number, document in enumerate(documents(body), 1):
        if document in _NOTHING:
            continue
        items = document.get("items") if isinstance(document, dict) and _kind(document).endswith("List") else None
        if isinstance(items, list):
            yield from ((f"document {number}, item {place}", item) for place, item in enumerate(items, 1))
        else:
            yield f"document {number}", document


def _workload(given: Tree, default_namespace: str) -> Iterator[Workload]:
    if not isinstance(given, dict):
        raise InvalidInputError("this is no object of Kubernetes: it must have kind, metadata and spec")
    kind = _kind(given)
    if not kind:
        raise InvalidInputError("kind is missing: it is required")
    if kind == RUN_NOW_AND_THEN:
        raise InvalidInputError(f"kind {kind} does not say how long its jobs run: predict a Job, or leave it out")
    if kind not in NUMBER_OF_PODS:
        return
    metadata, spec = _mapping(given, "metadata"), _mapping(given, "spec")
    field = NUMBER_OF_PODS[kind]
    pods = _count(spec[field], f"spec.{field}") if _has(spec, field) else None
    # Without a number a Job has one pod at a time; others keep as many as they have.
    single = 1.0 if kind in {"Job", "Pod"} else None
    yield Workload(
        _name(metadata, "namespace", default_namespace),
        kind.lower(),
        _name(metadata, "name", ""),
        tuple(_containers(kind, spec)),
        single if pods is None else pods,
    )


def _containers(kind: str, spec: dict[str, Tree]) -> Iterator[tuple[str, Requests]]:
    """The containers that run as long as their pod does."""
    path, pod = "spec", spec
    if kind != "Pod":
        path = "spec.template.spec"
        pod = _mapping(_mapping(spec, "template", "spec."), "spec", "spec.template.")
    for field in ("containers", "initContainers"):
        listed = pod[field] if _has(pod, field) else []
        if not isinstance(listed, list) or len(listed) > MOST_CONTAINERS:
            raise InvalidInputError(f"{path}.{field} must be a list of at most {MOST_CONTAINERS} containers")
        for number, container in enumerate(listed):
            where = f"{path}.{field}[{number}]"
            if not isinstance(container, dict):
                raise InvalidInputError(f"{where} must be a mapping")
            if field == "containers" or container.get("restartPolicy") == "Always":
                yield _name(container, "name", "", f"{where}."), _requests(container, where)


def _requests(container: dict[str, Tree], where: str) -> Requests:
    """What a container requests; what it only limits, it requests too."""
    resources = _mapping(container, "resources", f"{where}.") if _has(container, "resources") else {}
    written: dict[str, tuple[str, Tree]] = {}
    for field in ("limits", "requests"):
        path = f"{where}.resources."
        given = _mapping(resources, field, path) if _has(resources, field) else {}
        written |= {name: (f"{path}{field}.{name}", value) for name, value in given.items()}
    found = dict.fromkeys(RESOURCES, 0.0)
    for name, (path, value) in written.items():
        resource, part = _resource(name)
        if resource:
            found[resource] += _quantity(value, path) * part
    return found


def _resource(name: str) -> tuple[str, float]:
    """Which of ``RESOURCES`` is called ``name``, and how much of it one is; nothing for others. A MIG slice is a part of a GPU."""
    mig = _MIG.fullmatch(name)
    if mig:
        return "gpu", int(mig[1]) / 7.0
    return {"cpu": "cpu", "memory": "ram", "nvidia.com/gpu": "gpu", "amd.com/gpu": "gpu"}.get(name, ""), 1.0


def _quantity(value: Tree, path: str) -> float:
    if not isinstance(value, str):
        raise InvalidInputError(f"{path} must be a quantity, such as 500m or 1Gi")
    try:
        return parse_quantity(value)
    except InvalidInputError as error:
        raise InvalidInputError(f"{path} {error}") from error


def _count(value: Tree, path: str) -> float:
    if not isinstance(value, str) or not _COUNT.fullmatch(value) or int(value) > MOST_PODS:
        shown = quoted(value) if isinstance(value, str) else "no number"
        raise InvalidInputError(f"{path} is {shown}: allowed are 0 to {MOST_PODS}")
    return float(value)


def _name(given: dict[str, Tree], field: str, default: str, path: str = "metadata.") -> str:
    value = given[field] if _has(given, field) else default
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        shown = f"is {quoted(value)}" if isinstance(value, str) and value else "is missing or no text"
        raise InvalidInputError(f"{path}{field} {shown}: allowed are lower-case letters, digits, - and .")
    return value


def _kind(given: dict[str, Tree]) -> str:
    kind = given.get("kind", "")
    return kind if isinstance(kind, str) else ""


def _has(given: dict[str, Tree], field: str) -> bool:
    return field in given and given[field] not in _NOTHING


def _mapping(given: dict[str, Tree], field: str, path: str = "") -> dict[str, Tree]:
    value = given.get(field, "")
    if not isinstance(value, dict):
        raise InvalidInputError(f"{path}{field} is missing or no mapping: it is required")
    return value
