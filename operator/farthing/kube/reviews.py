"""Who a bearer token is of, and whose costs they may see, as the Kubernetes API says."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from farthing.kube.transport import Request, Transport

GROUP: Final = "farthing.dev"


@dataclass(frozen=True, slots=True)
class User:
    """Whose a token is, as a TokenReview tells."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Reviews:
    """TokenReviews and SubjectAccessReviews. Blocking; safe to use from several threads.

    Every method raises KubernetesError for a refusal and KubernetesUnreachableError for no answer.
    """

    def __init__(self, kubeconfig: Path | None = None, *, sleep: Callable[[float], None] = time.sleep) -> None:
        # Somebody waits for each answer: one that does not come is told at once.
        self._transport = Transport(kubeconfig, sleep, attempts=2, timeouts=(3.0, 5.0))

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def user(self, token: str) -> User | None:
        """Whose ``token`` it is, None where it is nobody's."""
        spec = {"token": token}
        status = self._reviewed("authentication.k8s.io", "TokenReview", spec, "reviewing a token")
        found = status.get("user", {})
        if status.get("authenticated") is not True or not found.get("username"):
            return None
        extra = tuple((key, tuple(values)) for key, values in sorted((found.get("extra") or {}).items()))
        return User(found["username"], found.get("uid", ""), tuple(found.get("groups") or ()), extra)

    def may_get(self, user: User, resource: str, namespace: str = "") -> bool:
        """Whether ``user`` may get a ``resource`` of ours in ``namespace``, or, where that is empty, in all of them."""
        spec = {
            "user": user.name,
            "uid": user.uid,
            "groups": user.groups,
            "extra": dict(user.extra),
            "resourceAttributes": {"verb": "get", "group": GROUP, "resource": resource, "namespace": namespace},
        }
        doing = f"reviewing who may get {resource}"
        return self._reviewed("authorization.k8s.io", "SubjectAccessReview", spec, doing).get("allowed") is True

    def _reviewed(self, group: str, kind: str, spec: dict[str, Any], doing: str) -> dict[str, Any]:
        """The status of a review."""
        body = {"apiVersion": f"{group}/v1", "kind": kind, "spec": spec}
        answer = self._transport.ask(Request("POST", f"/apis/{group}/v1/{kind.lower()}s", doing, body))
        status: dict[str, Any] = answer.body.get("status") or {}
        return status
