"""Every error Farthing raises on purpose, and nothing of any framework.

FarthingError
├── InvalidInputError            what a person wrote cannot be meant: never retried
│   ├── InvalidWindowError
│   ├── InvalidTimezoneError
│   ├── InvalidQuestionError
│   ├── InvalidPricesError
│   ├── InvalidBillError         a file that is no FOCUS bill, or one that cannot be counted here
│   ├── ScopeDeniedError
│   └── BodyTooLargeError        what was sent is more than is read
├── UnauthenticatedError         a request over HTTP whose bearer is not known
├── MetricsError                 Prometheus did not give a usable answer
│   ├── MetricsUnreachableError  refused, timed out, 5xx: retried
│   ├── MetricsTooLargeError     refused for size: asked again in smaller parts
│   ├── MetricsRefusedError      4xx: wrong credentials or a query it does not accept
│   ├── MetricsMalformedError    an answer that is not Prometheus' JSON
│   └── MetricsPartialError      an answer with warnings: some data is missing
├── AnswerTooLargeError          more rows than may be held or kept
├── BusyError                    too many questions are being answered
├── NoDataError                  what is stored cannot tell what was asked
│   └── NothingStoredError       nothing is stored for the window
├── StoreError                   the store cannot be read or written
│   ├── StoreCorruptError        a file is not what its manifest says
│   ├── StoreVersionError        written by a newer Farthing
│   └── StoreLockedError         another process writes to it
├── ConservationError            allocated + idle - overallocated is not the asset's cost (C12)
└── KubernetesError              the Kubernetes API refused or failed
    ├── KubernetesUnreachableError
    └── NameTakenError           a ConfigMap of that name belongs to somebody else

``reason`` is the condition and Event reason, in Kubernetes' CamelCase. The message is one sentence: what, where, what to do.
"""

from typing import ClassVar


class FarthingError(Exception):
    """Base of everything Farthing raises on purpose."""

    reason: ClassVar[str] = "InternalError"


class InvalidInputError(FarthingError):
    """What a person wrote cannot be meant; only a person can mend it."""

    reason = "InvalidSpec"


class InvalidWindowError(InvalidInputError):
    """A window, step or accumulate that names no span of time."""


class InvalidTimezoneError(InvalidInputError):
    """A timezone that is neither an IANA name nor an offset."""


class InvalidQuestionError(InvalidInputError):
    """An aggregate, order or limit that is not offered."""


class InvalidPricesError(InvalidInputError):
    """A price book that cannot be meant, or that contradicts another."""


class InvalidBillError(InvalidInputError):
    """A file that is no bill in FOCUS' columns, or one whose costs do not fit the store."""

    reason = "InvalidBill"


class ScopeDeniedError(InvalidInputError):
    """A report asks for what its namespace may not see."""

    reason = "ScopeDenied"


class BodyTooLargeError(InvalidInputError):
    """What was sent is more than is read."""

    reason = "BodyTooLarge"


class UnauthenticatedError(FarthingError):
    """A request over HTTP without a bearer token, or with one that is nobody's."""

    reason = "Unauthenticated"


class MetricsError(FarthingError):
    """Prometheus did not give a usable answer."""

    reason = "PrometheusFailed"


class MetricsUnreachableError(MetricsError):
    """Refused, timed out or 5xx; worth trying again."""

    reason = "PrometheusUnreachable"


class MetricsTooLargeError(MetricsError):
    """Prometheus, or our byte limit, refused for size; worth asking in smaller parts."""

    reason = "PrometheusAnswerTooLarge"


class MetricsRefusedError(MetricsError):
    """4xx: wrong credentials, or a query this server does not accept."""

    reason = "PrometheusRefused"


class MetricsMalformedError(MetricsError):
    """The answer is not Prometheus' JSON: a login page, a truncated body."""

    reason = "PrometheusBadResponse"


class MetricsPartialError(MetricsError):
    """The answer came with warnings, so some data is missing from it."""

    reason = "PrometheusPartialAnswer"


class AnswerTooLargeError(FarthingError):
    """More rows than may be held or kept."""

    reason = "AnswerTooLarge"


class BusyError(FarthingError):
    """Too many questions are being answered: ask again."""

    reason = "Busy"


class NoDataError(FarthingError):
    """What is stored cannot tell what was asked."""

    reason = "NoData"


class NothingStoredError(NoDataError):
    """Nothing at all is stored for the window that was asked."""


class StoreError(FarthingError):
    """The store cannot be read or written."""

    reason = "StoreFailed"
    days_changed: int = 0
    """Of how many days the costs are other ones all the same, where what failed went on with these."""


class StoreCorruptError(StoreError):
    """A file is not what its manifest says."""

    reason = "StoreCorrupt"


class StoreVersionError(StoreError):
    """The store was written by a newer Farthing."""

    reason = "StoreTooNew"


class StoreLockedError(StoreError):
    """Another process writes to the store."""

    reason = "StoreLocked"


class ConservationError(FarthingError):
    """Allocated + idle - overallocated is not the asset's cost (C12)."""

    reason = "NotConserved"


class KubernetesError(FarthingError):
    """The Kubernetes API refused or failed."""

    reason = "KubernetesFailed"


class KubernetesUnreachableError(KubernetesError):
    """The Kubernetes API did not answer; worth trying again."""

    reason = "KubernetesUnreachable"


class NameTakenError(KubernetesError):
    """A ConfigMap of that name exists and belongs to somebody else."""

    reason = "NameTaken"
