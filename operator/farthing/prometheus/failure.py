"""What broke a request, in words that hold no URL, no header and so no secret."""

import socket
import ssl
from collections.abc import Iterator

import requests
from urllib3 import exceptions as of_urllib3

_WORDS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((ssl.SSLCertVerificationError,), "its certificate is not trusted"),
    ((ssl.SSLError, of_urllib3.SSLError, requests.exceptions.SSLError), "TLS failed"),
    ((of_urllib3.NameResolutionError, socket.gaierror), "its name is not known"),
    ((of_urllib3.ProxyError, requests.exceptions.ProxyError), "the proxy failed"),
    # Not urllib3's own class of that name: there, a connection that was refused is one as well.
    ((TimeoutError, of_urllib3.ReadTimeoutError), "timed out"),
    ((of_urllib3.DecodeError, requests.exceptions.ContentDecodingError), "the answer cannot be unpacked"),
    ((ConnectionRefusedError,), "it refuses connections"),
    ((of_urllib3.IncompleteRead, requests.exceptions.ChunkedEncodingError), "the answer broke off"),
)
"""The first that fits any error of the chain."""


def kind_of(error: BaseException) -> str:
    """What went wrong, in a few words."""
    chain = list(_causes(error, []))
    for kinds, words in _WORDS:
        if any(isinstance(one, kinds) for one in chain):
            return words
    return "the connection failed"


def _causes(error: BaseException, seen: list[BaseException]) -> Iterator[BaseException]:
    """``error`` and what it was made of: libraries keep that as cause, context, argument or reason."""
    if error in seen:
        return
    seen.append(error)
    yield error
    for inner in (error.__cause__, error.__context__, getattr(error, "reason", None), *error.args):
        if isinstance(inner, BaseException):
            yield from _causes(inner, seen)
