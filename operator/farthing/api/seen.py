"""What who sends a request may see."""

from collections.abc import Callable

from starlette.requests import Request

from farthing.services.authorizing import Authorizer
from farthing.services.scope import EVERYTHING, Scope

ScopeOf = Callable[[Request], Scope]
"""What who sends a request may see. Raises FarthingError where that is nothing, or nobody says."""


def everything(_: Request) -> Scope:
    """Nobody is asked who they are: whoever reaches the address sees everything."""
    return EVERYTHING


def by_token(authorizer: Authorizer) -> ScopeOf:
    """By the bearer token of the request."""

    def scope_of(request: Request) -> Scope:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return authorizer.scope(token.strip() if scheme.lower() == "bearer" else "")

    return scope_of
