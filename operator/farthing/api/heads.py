"""HEAD, which every route that answers GET answers too."""

from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

READ: Final = "GET, HEAD"
"""What ``Allow`` says where GET is allowed."""


@dataclass(frozen=True, slots=True)
class Heads:
    """``app`` that answers HEAD as it does GET: the server leaves the body out (RFC 9110, 9.3.2)."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, in a copy: by what the server sent it knows which bodies to leave out."""
        await self.app({**scope, "method": "GET"} if scope.get("method") == "HEAD" else scope, receive, send)
