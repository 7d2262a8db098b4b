"""The body of a request, as far as one is read."""

from typing import Final

from starlette.requests import Request

from farthing.errors import BodyTooLargeError

MOST_BYTES: Final = 1 << 20
"""An object of Kubernetes is at most 1.5 MiB, and the manifests of hundreds of workloads are less than this."""


async def body_of(request: Request) -> bytes:
    """The body of ``request``. Raises BodyTooLargeError as soon as there are more than ``MOST_BYTES``."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise BodyTooLargeError(f"the body has more than {MOST_BYTES} bytes: send fewer objects at a time")
    return bytes(body)
