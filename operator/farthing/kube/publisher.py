"""A report's documents as ConfigMaps beside it: owned by it, written only when they differ, stale ones removed."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, Final, Protocol

from farthing.errors import NameTakenError
from farthing.kube.client import Client, ObjectRef

MANAGED_BY: Final = {"app.kubernetes.io/managed-by": "farthing"}
REPORT_LABEL: Final = "farthing.dev/report"
KIND_LABEL: Final = "farthing.dev/kind"
SHA256: Final = "farthing.dev/sha256"
"""Annotation that holds ``Content.sha256`` of what was written."""

PARTS: Final = ("data", "binaryData")

_LABEL_LENGTH: Final = 63


class Content(Protocol):
    """What one ConfigMap is to hold."""

    @property
    def name(self) -> str:
        """Of the ConfigMap."""
        ...

    @property
    def data(self) -> Mapping[str, str]:
        """Texts by key."""
        ...

    @property
    def binary_data(self) -> Mapping[str, bytes]:
        """Bytes by key."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of keys and values."""
        ...


class Publisher:
    """Publishes documents. Blocking; safe to use from several threads, for one report from one at a time."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = Lock()
        self._seen: dict[str, tuple[int, str]] = {}
        """By the ConfigMap's path: the version whose content we know, and its hash."""

    def publish(self, owner: ObjectRef, documents: Sequence[Content]) -> None:
        """Make ConfigMaps of ``documents``, in order, then delete those of earlier runs.

        Raises NameTakenError if one of the names belongs to somebody else, before anything is written; KubernetesError.
        """
        ours = {head["name"]: head for head in self._client.config_map_heads(owner.namespace, labels(owner))}
        changed = [document for document in documents if self._differs(owner, document, ours)]
        for document in changed:
            self._write(owner, document)
        wanted = {document.name for document in documents}
        for name, head in ours.items():
            if name not in wanted and _owner_uid(head) == owner.uid:
                self._client.delete_config_map(owner.namespace, name, head["uid"])
                self.forget(owner.namespace, name)

    def version(self, namespace: str, name: str) -> int:
        """The resourceVersion of a ConfigMap when it was last written or found right; 0 if it was neither."""
        return self._seen.get(f"{namespace}/{name}", (0, ""))[0]

    def forget(self, namespace: str, name: str) -> None:
        """Forget a ConfigMap that is gone."""
        with self._lock:
            self._seen.pop(f"{namespace}/{name}", None)

    def _differs(self, owner: ObjectRef, document: Content, ours: Mapping[str, Mapping[str, Any]]) -> bool:
        """Whether ``document`` must be written. Raises NameTakenError."""
        head = ours.get(document.name)
        if head is not None and _owner_uid(head) == owner.uid:
            known = self._seen.get(f"{owner.namespace}/{document.name}")
            if known == (int(head["resourceVersion"]), document.sha256):
                return False
        # Its labels may have been taken off by hand, so that a name not listed says nothing.
        found = self._client.config_map(owner.namespace, document.name)
        if found is None:
            return True
        metadata = found["metadata"]
        if _owner_uid(metadata) != owner.uid:
            raise NameTakenError(_taken(owner, document.name, metadata))
        if not _holds(found, _config_map(owner, document)):
            return True
        self._remember(owner, document, int(metadata["resourceVersion"]))
        return False

    def _write(self, owner: ObjectRef, document: Content) -> None:
        body = _config_map(owner, document)
        version, held = self._client.apply_config_map(body)
        # Applying leaves keys that others added.
        added = {part: sorted(held.get(part, {}).keys() - body.get(part, {}).keys()) for part in PARTS}
        if any(added.values()):
            version = self._client.remove_keys(owner.namespace, document.name, added)
        self._remember(owner, document, version)

    def _remember(self, owner: ObjectRef, document: Content, version: int) -> None:
        with self._lock:
            self._seen[f"{owner.namespace}/{document.name}"] = (version, document.sha256)


def labels(owner: ObjectRef) -> dict[str, str]:
    """The labels by which the ConfigMaps of ``owner`` are found."""
    return {**MANAGED_BY, REPORT_LABEL: _label(owner.name), KIND_LABEL: owner.kind.lower()}


def _label(name: str) -> str:
    """``name`` as the value of a label, which may be shorter than a name: then its end is a hash."""
    if len(name) <= _LABEL_LENGTH:
        return name
    return f"{name[: _LABEL_LENGTH - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _config_map(owner: ObjectRef, document: Content) -> dict[str, Any]:
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": document.name,
            "namespace": owner.namespace,
            "labels": labels(owner),
            "annotations": {SHA256: document.sha256},
            # Not blockOwnerDeletion: where OwnerReferencesPermissionEnforcement is on, that needs the right to change
            # the reports' finalizers, and nothing needs a report to wait for its ConfigMaps.
            "ownerReferences": [
                {
                    "apiVersion": owner.api_version,
                    "kind": owner.kind,
                    "name": owner.name,
                    "uid": owner.uid,
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
        },
    }
    if document.data:
        body["data"] = dict(document.data)
    if document.binary_data:
        body["binaryData"] = {key: base64.b64encode(value).decode() for key, value in document.binary_data.items()}
    return body


def _holds(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether ``found`` needs no write to be ``wanted``."""
    return all(found.get(part, {}) == wanted.get(part, {}) for part in PARTS) and all(
        (found["metadata"].get(part) or {}).get(name) == value
        for part in ("labels", "annotations")
        for name, value in wanted["metadata"][part].items()
    )


def _owner_uid(metadata: Mapping[str, Any]) -> str | None:
    """Uid of the controller that ``metadata`` names, if it names one."""
    owners = metadata.get("ownerReferences", ())
    return next((str(one["uid"]) for one in owners if one.get("controller")), None)


def _taken(owner: ObjectRef, name: str, metadata: Mapping[str, Any]) -> str:
    theirs = next((one for one in metadata.get("ownerReferences", ()) if one.get("controller")), None)
    what = f"ConfigMap {owner.namespace}/{name} is needed by {owner}"
    if theirs and (theirs["kind"], theirs["name"]) == (owner.kind, owner.name):
        return f"{what} and still belongs to a deleted report of that name: Kubernetes will collect it"
    whose = f"belongs to {theirs['kind']} {theirs['name']}" if theirs else "was made by somebody else"
    return f"{what} but {whose}: delete it, or give the report another name"
