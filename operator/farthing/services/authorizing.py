"""Who asks over HTTP, and what they may see: as Kubernetes says, kept for less than a minute; what is not allowed is denied."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, Protocol

from farthing.errors import ScopeDeniedError, UnauthenticatedError
from farthing.services.scope import EVERYTHING, Scope
from farthing.services.turn import Turn

KEPT_SECONDS: Final = 45.0
"""So long an answer of Kubernetes holds: a right that is taken away is gone within a minute."""

MOST_KEPT: Final = 2_000
MOST_NAMESPACES: Final = 2_000
"""Whose rights are asked one by one, at most."""

TOKENS_AT_ONCE: Final = 4
AT_ONCE: Final = 8
"""Reviews that are asked at a time for one token."""

COSTS: Final = "costs"
"""Who may get this of a namespace sees its costs. The API serves nothing of that name: roles name it."""
CLUSTER_COSTS: Final = "clustercosts"
"""Who may get this sees everything, what nodes cost and nobody held included."""


Kept = tuple[float, Scope | None]
"""Until when the scope of a token holds, and that; None for a token that is nobody's."""


class Reviews(Protocol):
    """Kubernetes' reviews: ``kube.reviews.Reviews``. Raises KubernetesError."""

    def user(self, token: str) -> Any | None:
        """Whose ``token`` it is, None where it is nobody's."""
        ...

    def may_get(self, user: Any, resource: str, namespace: str = "") -> bool:
        """Whether ``user`` may get a ``resource`` of ours in ``namespace``, or, where that is empty, in all of them."""
        ...


@dataclass(slots=True)
class Authorizer:
    """Finds the scope of a token. Blocking; safe to use from several threads."""

    reviews: Reviews
    namespaces: Callable[[], Sequence[str]]
    """Those that costs are stored of. Raises StoreError."""
    clock: Callable[[], float] = time.monotonic
    _kept: "OrderedDict[bytes, Kept]" = field(default_factory=OrderedDict)
    """By the hash of a token."""
    _nobodys: "OrderedDict[bytes, Kept]" = field(default_factory=OrderedDict)
    _turns: Turn = field(default_factory=lambda: Turn(TOKENS_AT_ONCE, "tokens are being reviewed"))
    _lock: Lock = field(default_factory=Lock)

    def scope(self, token: str) -> Scope:
        """What the bearer of ``token`` may see.

        Raises UnauthenticatedError, ScopeDeniedError where that is nothing, KubernetesError where nobody says, StoreError.
        """
        if not token:
            raise UnauthenticatedError(
                "no bearer token was sent: send one of Kubernetes as Authorization: Bearer TOKEN"
            )
        key = hashlib.sha256(token.encode()).digest()
        known = self._known(key)
        if known is None:
            with self._turns.one():
                # Who asked at the same time may have found it.
                known = self._known(key)
                if known is None:
                    # Counted from before it was asked.
                    known = self.clock() + KEPT_SECONDS, self._found(token)
                    self._keep(key, known)
        _, found = known
        if found is None:
            raise UnauthenticatedError(
                "the bearer token is not one that Kubernetes knows, or it has expired: get another"
            )
        if not found.everywhere and not found.namespaces:
            raise ScopeDeniedError(
                f"the bearer of this token sees no costs: ask for the right to get {COSTS}.farthing.dev in a namespace"
            )
        return found

    def _known(self, key: bytes) -> Kept | None:
        with self._lock:
            found = self._kept.get(key) or self._nobodys.get(key)
        return found if found is not None and self.clock() < found[0] else None

    def _keep(self, key: bytes, found: Kept) -> None:
        # Tokens that are nobody's are anybody's to make up: they push out none that is somebody's.
        kept = self._nobodys if found[1] is None else self._kept
        with self._lock:
            kept[key] = found
            kept.move_to_end(key)
            while len(kept) > MOST_KEPT:
                kept.popitem(last=False)

    def _found(self, token: str) -> Scope | None:
        user = self.reviews.user(token)
        if user is None:
            return None
        if self.reviews.may_get(user, CLUSTER_COSTS):
            return EVERYTHING
        return Scope(
            tuple(self._seen(user)),
            where="this token sees only the costs of its own namespaces",
            how=f"ask the cluster's administrators for the right to get {CLUSTER_COSTS}.farthing.dev",
        )

    def _seen(self, user: Any) -> list[str]:
        """The namespaces that ``user`` sees, in order."""
        stored = sorted(self.namespaces())
        if self.reviews.may_get(user, COSTS):
            return stored
        if len(stored) > MOST_NAMESPACES:
            raise ScopeDeniedError(
                f"costs of more than {MOST_NAMESPACES} namespaces are stored, too many to ask for each whether this token "
                f"may see it: ask the cluster's administrators for the right to get {COSTS}.farthing.dev in all of them"
            )
        with ThreadPoolExecutor(AT_ONCE, "farthing-reviews") as pool:
            allowed = pool.map(lambda namespace: self.reviews.may_get(user, COSTS, namespace), stored)
            return [namespace for namespace, may in zip(stored, allowed, strict=True) if may]
