"""One report as the scheduler knows it."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pydantic import ValidationError

from farthing.errors import InvalidInputError
from farthing.exports.documents import Document
from farthing.kube.client import ObjectRef
from farthing.resources import API_VERSION
from farthing.resources.conditions import DATA_COMPLETE, READY, STALLED, condition_of
from farthing.resources.parsing import KINDS, Report, parse_report
from farthing.resources.report import Metadata
from farthing.resources.status import AssetReportStatus, CostReportStatus

AnyStatus: TypeAlias = CostReportStatus | AssetReportStatus

PLURALS: Final = {kind: report.PLURAL for kind, report in KINDS.items()}
_STATUSES: Final[Mapping[str, type[AnyStatus]]] = {"CostReport": CostReportStatus, "AssetReport": AssetReportStatus}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A report whose spec the API server let through and that still cannot be meant."""

    metadata: Metadata
    status: AnyStatus
    error: InvalidInputError


Subject: TypeAlias = Report | Unreadable


@dataclass(frozen=True, slots=True)
class Held:
    """What a ConfigMap was seen to hold."""

    version: int
    sha256: str | None
    """As ``Document.sha256``; None if it was deleted."""


@dataclass(slots=True)
class Known:
    """A report, and when it is to run; used by the scheduler's thread alone, but for ``subject``, which is frozen."""

    ref: ObjectRef
    subject: Subject
    version: int
    """The newest resourceVersion that was seen or written; what is older is no news."""
    due: float | None = None
    """When the next run starts. [unix s]"""
    wanted: float | None = None
    """From when a run is asked for that no schedule asks for. [unix s]"""
    retry_at: float | None = None
    """After a failure of Kubernetes: neither sooner nor never. [unix s]"""
    not_before: float = 0.0
    """An object that changes all the time is run no more often than this lets it. [unix s]"""
    repair_after: float = 0.0
    """Whoever keeps changing our ConfigMaps has them back no sooner. [unix s]"""
    failures: int = 0
    settled: int | None = None
    """The generation of the last run that ended well."""
    running: bool = False

    @property
    def generation(self) -> int:
        """Of the spec."""
        return self.subject.metadata.generation

    @property
    def suspended(self) -> bool:
        """Whether runs are held back."""
        return not isinstance(self.subject, Unreadable) and self.subject.spec.suspend

    @property
    def can_repair(self) -> bool:
        """Whether a run now would publish what its status says; a report that fails has other troubles first."""
        ready = condition_of(self.subject.status.conditions, READY)
        return not self.running and not self.suspended and ready is not None and ready.status == "True"

    @property
    def hopes_for_data(self) -> bool:
        """Whether its last answer was none, or lacked data, and more data may help."""
        conditions = self.subject.status.conditions
        holds = {kind: (one.status if (one := condition_of(conditions, kind)) else "Unknown") for kind in HOPEFUL}
        return holds[STALLED] != "True" and (holds[READY] != "True" or holds[DATA_COMPLETE] != "True")


HOPEFUL: Final = (READY, DATA_COMPLETE, STALLED)


def subject_of(body: Mapping[str, Any]) -> Subject:
    """What ``body``, an object of our kinds, asks for."""
    try:
        return parse_report(body)
    except InvalidInputError as error:
        return Unreadable(Metadata.model_validate(dict(body["metadata"])), _status_of(body), error)


def ref_of(body: Mapping[str, Any]) -> ObjectRef:
    """Which object ``body`` is."""
    metadata, kind = body["metadata"], body["kind"]
    return ObjectRef(API_VERSION, kind, PLURALS[kind], metadata["namespace"], metadata["name"], metadata["uid"])


def content_sha256(body: Mapping[str, Any]) -> str:
    """``Document.sha256`` of what the ConfigMap ``body`` holds."""
    binary = {key: b64decode(value) for key, value in body.get("binaryData", {}).items()}
    return Document("", dict(body.get("data", {})), binary).sha256


def _status_of(body: Mapping[str, Any]) -> AnyStatus:
    status = _STATUSES[body["kind"]]
    try:
        return status.model_validate(dict(body.get("status", {})))
    except ValidationError:
        return status()
