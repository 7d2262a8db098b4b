"""What who sends a request may see."""

from collections.abc import Callable
from ipaddress import ip_address

from starlette.requests import Request

from farthing.errors import ScopeDeniedError
from farthing.model.zone import quoted
from farthing.services.authorizing import Authorizer
from farthing.services.scope import EVERYTHING, Scope

ScopeOf = Callable[[Request], Scope]
"""What who sends a request may see. Raises FarthingError where that is nothing, or nobody says."""


def everything(_: Request) -> Scope:
    """Nobody is asked who they are: whoever reaches the address sees everything."""
    return EVERYTHING


def of_this_machine(request: Request) -> Scope:
    """Everything, to programs of this machine: a page elsewhere whose name leads here is no such program."""
    host = request.url.hostname or ""
    if not is_loopback(host):
        raise ScopeDeniedError(f"{quoted(host)} is no name of this machine: ask 127.0.0.1 or localhost")
    return EVERYTHING


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def by_token(authorizer: Authorizer) -> ScopeOf:
    """By the bearer token of the request."""

    def scope_of(request: Request) -> Scope:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return authorizer.scope(token.strip() if scheme.lower() == "bearer" else "")

    return scope_of
