"""Requests to the Kubernetes API: pooled, timed out, a few times retried, refusals as sentences."""

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any, Final

from farthing.errors import KubernetesError, KubernetesUnreachableError
from farthing.kube.access import authorization, configuration, unreachable

TIMEOUTS: Final = (10.0, 30.0)
"""To connect, and between two bytes of an answer. [s]"""

ATTEMPTS: Final = 4
FIRST_PAUSE: Final = 0.3
LONGEST_PAUSE: Final = 10.0
"""A longer Retry-After is left to whoever asked. [s]"""

MESSAGE_LENGTH: Final = 400


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, in words (``doing``) too; it must do no harm to ask it twice."""

    method: str
    path: str
    doing: str
    body: Mapping[str, Any] | Sequence[Any] | None = None
    content: str = "application/json"
    accept: str = "application/json"
    allowed: frozenset[int] = frozenset()
    """Refusals that the caller reads as answers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: dict[str, Any]
    retry_after: float = 0.0

    @property
    def transient(self) -> bool:
        """Whether asking again may help; 401 since a token may have been rotated."""
        again = {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}
        return self.status in again or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR


class Transport:
    """Connections to the API that ``kubeconfig`` names, or the pod's. Safe to use from several threads."""

    def __init__(
        self,
        kubeconfig: Path | None,
        sleep: Callable[[float], None] = time.sleep,
        *,
        attempts: int = ATTEMPTS,
        timeouts: tuple[float, float] = TIMEOUTS,
    ) -> None:
        self._kubeconfig = kubeconfig
        self._sleep = sleep
        self._attempts = attempts
        self._timeouts = timeouts
        self._lock = Lock()
        self._connect()

    def close(self) -> None:
        """Close the connections."""
        self._rest.close()

    def ask(self, request: Request) -> Answer:
        """The answer of success, or an allowed one. Raises KubernetesError, KubernetesUnreachableError."""
        pause = FIRST_PAUSE
        for _ in range(self._attempts - 1):
            found = self._try(request)
            if isinstance(found, Answer) and not found.transient:
                return _accepted(found, request)
            wait = pause * random.uniform(0.5, 1)  # noqa: S311 - no secret
            if isinstance(found, Answer):
                wait = max(wait, found.retry_after)
            if wait > LONGEST_PAUSE:
                break
            if isinstance(found, KubernetesError) or found.status == HTTPStatus.UNAUTHORIZED:
                # The token, or the authority that signs, may have been rotated.
                self._connect()
            self._sleep(wait)
            pause *= 2
        found = self._try(request)
        if isinstance(found, KubernetesError):
            raise found
        return _accepted(found, request)

    def _try(self, request: Request) -> Answer | KubernetesUnreachableError:
        with self._lock:
            access, rest = self._access, self._rest
            header = authorization(access)
        headers = {"Content-Type": request.content, "Accept": request.accept, "User-Agent": "farthing"}
        if header:
            headers["Authorization"] = header
        url = f"{access.host}{request.path}"
        try:
            with unreachable(access.host, request.doing):
                response = rest.request(
                    request.method, url, headers=headers, body=request.body, _request_timeout=self._timeouts
                )
                body = _decoded(response.read())
        except KubernetesUnreachableError as error:
            return error
        if response.status < HTTPStatus.MULTIPLE_CHOICES and not body:
            said = f"{access.host} answered, while {request.doing}, with no JSON object: is it the Kubernetes API?"
            return KubernetesUnreachableError(said)
        return Answer(response.status, body, _seconds(response.headers))

    def _connect(self) -> None:
        from kubernetes.client.rest import RESTClientObject

        access = configuration(self._kubeconfig)
        with self._lock:
            self._access: Any = access
            self._rest: Any = RESTClientObject(access)


def refusal(answer: Answer, doing: str) -> KubernetesError:
    """The sentence that tells a person what the API refused."""
    said = str(answer.body.get("message", ""))[:MESSAGE_LENGTH]
    todo = {
        HTTPStatus.UNAUTHORIZED: "; its token is not accepted: is the service account still there?",
        HTTPStatus.FORBIDDEN: "; grant what manifests/rbac.yaml grants",
    }
    hint = next((text for status, text in todo.items() if status == answer.status), "")
    return KubernetesError(f"the Kubernetes API answered {answer.status} while {doing}: {said}{hint}")


def _accepted(answer: Answer, request: Request) -> Answer:
    if answer.status < HTTPStatus.MULTIPLE_CHOICES or answer.status in request.allowed:
        return answer
    raise refusal(answer, request.doing)


def _decoded(raw: bytes) -> dict[str, Any]:
    """The JSON object in ``raw``; a proxy's page is nothing that we could tell a person."""
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _seconds(headers: Mapping[str, str]) -> float:
    given = headers.get("Retry-After") or ""
    return float(given) if given.isdigit() else 0.0
