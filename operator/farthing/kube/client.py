"""The calls to the Kubernetes API: plain dicts out and in, every write safe to repeat, and counted."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any, Final
from urllib.parse import quote, urlencode

from farthing.kube.transport import Answer, Request, Transport, refusal

FIELD_MANAGER: Final = "farthing"

_APPLY: Final = "application/apply-patch+yaml"
_JSON_PATCH: Final = "application/json-patch+json"
_MERGE: Final = "application/merge-patch+json"
_HEAD: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_HEADS: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_ABSENT: Final = frozenset({HTTPStatus.NOT_FOUND})
_FORBIDDEN: Final = frozenset({HTTPStatus.FORBIDDEN})
_CONFLICT: Final = frozenset({HTTPStatus.CONFLICT})
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """One object of our kinds; another one of the same name has another uid."""

    api_version: str
    kind: str
    plural: str
    namespace: str
    """Empty for an object of the cluster."""
    name: str
    uid: str

    @property
    def path(self) -> str:
        """Where the API keeps it."""
        return f"/apis/{self.api_version}/{_where(self.namespace)}{self.plural}/{quote(self.name)}"

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Client:
    """The Kubernetes API. Blocking; safe to use from several threads.

    Every method raises KubernetesError for a refusal and KubernetesUnreachableError for no answer.
    """

    def __init__(self, kubeconfig: Path | None = None, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.writes: Counter[str] = Counter()
        """Changes that were asked for: status, configmaps, deletions, events."""
        self._transport = Transport(kubeconfig, sleep)
        self._lock = Lock()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def missing_kinds(self, api_version: str, plurals: Sequence[str]) -> list[str]:
        """Those of ``plurals`` that the API does not serve."""
        doing = "looking for the kinds of Farthing"
        answer = self._transport.ask(Request("GET", f"/apis/{api_version}", doing, allowed=_ABSENT))
        served = {one["name"] for one in answer.body.get("resources", ())}
        return [name for name in plurals if name not in served]

    def heads(self, api_version: str, plural: str, namespace: str | None) -> list[dict[str, Any]]:
        """Metadata of every object of a kind in ``namespace``, or everywhere, as the API has it at hand."""
        path = f"/apis/{api_version}/{_where(namespace)}{plural}?resourceVersion=0"
        return self._listed(path, f"listing {plural}")

    def objects(self, api_version: str, plural: str) -> list[dict[str, Any]] | None:
        """Every object of a kind, whole; None where we have no right to see them."""
        doing = f"listing {plural}"
        answer = self._transport.ask(Request("GET", f"/apis/{api_version}/{plural}", doing, allowed=_FORBIDDEN))
        found: list[dict[str, Any]] | None = None if answer.status in _FORBIDDEN else answer.body["items"]
        return found

    def write_status(self, ref: ObjectRef, status: Mapping[str, Any]) -> int | None:
        """Write the whole status of ``ref``; returns its resourceVersion, or None if that very object is gone."""
        # Not server-side apply: on a status it passes over the uid, and an object re-created under the name is written.
        body: list[Mapping[str, Any]] = [
            {"op": "test", "path": "/metadata/uid", "value": ref.uid},
            {"op": "add", "path": "/status", "value": status},
        ]
        doing = f"writing the status of {ref}"
        answer = self._put_status(ref, body, doing)
        if answer.status in _GONE:
            if not self._exists(ref):
                return None
            answer = self._put_status(ref, body, doing)
        if answer.status in _GONE:
            raise refusal(answer, doing)
        return _version(answer.body)

    def config_map_heads(self, namespace: str | None, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Metadata of the ConfigMaps in ``namespace``, or everywhere, that carry ``labels``."""
        selector = urlencode({"labelSelector": ",".join(f"{name}={value}" for name, value in labels.items())})
        return self._listed(f"/api/v1/{_where(namespace)}configmaps?{selector}", "listing ConfigMaps")

    def config_map(self, namespace: str, name: str) -> dict[str, Any] | None:
        """The ConfigMap, if there is one."""
        doing = f"reading ConfigMap {namespace}/{name}"
        answer = self._transport.ask(Request("GET", _config_map(namespace, name), doing, allowed=_ABSENT))
        return None if answer.status in _ABSENT else answer.body

    def apply_config_map(self, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Write a ConfigMap; returns its resourceVersion, and what it now is."""
        namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
        self._count("configmaps")
        path = f"{_config_map(namespace, name)}?{urlencode({'fieldManager': FIELD_MANAGER, 'force': 'true'})}"
        doing = f"writing ConfigMap {namespace}/{name}"
        held = self._transport.ask(Request("PATCH", path, doing, body, content=_APPLY)).body
        return _version(held), held

    def remove_keys(self, namespace: str, name: str, keys: Mapping[str, Sequence[str]]) -> int:
        """Take ``keys`` out of the parts (data, binaryData) of a ConfigMap; returns its resourceVersion."""
        self._count("configmaps")
        path = f"{_config_map(namespace, name)}?{urlencode({'fieldManager': FIELD_MANAGER})}"
        body = {part: dict.fromkeys(names) for part, names in keys.items()}
        doing = f"clearing ConfigMap {namespace}/{name}"
        return _version(self._transport.ask(Request("PATCH", path, doing, body, content=_MERGE)).body)

    def delete_config_map(self, namespace: str, name: str, uid: str) -> None:
        """Delete the ConfigMap of that uid, if it is still there."""
        self._count("deletions")
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
        doing = f"deleting ConfigMap {namespace}/{name}"
        allowed = _ABSENT | _CONFLICT
        self._transport.ask(Request("DELETE", _config_map(namespace, name), doing, options, allowed=allowed))

    def create_event(self, ref: ObjectRef, kind: str, reason: str, message: str, now: float) -> None:
        """Post an Event of type ``kind`` (Normal or Warning) about ``ref`` at ``now`` [unix s]."""
        self._count("events")
        instant = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            # Named beforehand: sent again, it is the same Event.
            "metadata": {"name": f"{ref.name[:200]}.{time.time_ns():x}", "namespace": ref.namespace},
            "involvedObject": {
                "apiVersion": ref.api_version,
                "kind": ref.kind,
                "namespace": ref.namespace,
                "name": ref.name,
                "uid": ref.uid,
            },
            "type": kind,
            "reason": reason,
            "message": message[:1024],
            "source": {"component": FIELD_MANAGER},
            "firstTimestamp": instant,
            "lastTimestamp": instant,
            "count": 1,
        }
        path = f"/api/v1/namespaces/{quote(ref.namespace)}/events"
        self._transport.ask(Request("POST", path, f"posting an Event on {ref}", body, allowed=_CONFLICT))

    def _put_status(self, ref: ObjectRef, body: Sequence[Mapping[str, Any]], doing: str) -> Answer:
        self._count("status")
        path = f"{ref.path}/status?{urlencode({'fieldManager': FIELD_MANAGER})}"
        return self._transport.ask(Request("PATCH", path, doing, body, content=_JSON_PATCH, allowed=_GONE))

    def _exists(self, ref: ObjectRef) -> bool:
        head = self._transport.ask(Request("GET", ref.path, f"reading {ref}", accept=_HEAD, allowed=_ABSENT))
        return head.status not in _ABSENT and head.body["metadata"]["uid"] == ref.uid

    def _listed(self, path: str, doing: str) -> list[dict[str, Any]]:
        answer = self._transport.ask(Request("GET", path, doing, accept=_HEADS))
        return [one["metadata"] for one in answer.body["items"] or ()]

    def _count(self, what: str) -> None:
        with self._lock:
            self.writes[what] += 1


def _where(namespace: str | None) -> str:
    return f"namespaces/{quote(namespace)}/" if namespace else ""


def _config_map(namespace: str, name: str) -> str:
    return f"/api/v1/namespaces/{quote(namespace)}/configmaps/{quote(name)}"


def _version(body: Mapping[str, Any]) -> int:
    return int(body["metadata"]["resourceVersion"])
