"""Names and chances that follow from what they name: the same cluster comes out on every machine, in any order."""

import hashlib
import uuid

_SAFE = "bcdfghjklmnpqrstvwxz2456789"
"""The letters Kubernetes makes suffixes of."""


def hexadecimal(length: int, *key: object) -> str:
    """``length`` (up to 64) hexadecimal digits that follow from ``key``."""
    return _digest(key).hex()[:length]


def uid(*key: object) -> str:
    """A Kubernetes uid that follows from ``key``."""
    return str(uuid.UUID(bytes=_digest(key)[:16], version=4))


def suffix(length: int, *key: object) -> str:
    """``length`` (up to 32) letters as Kubernetes appends to names."""
    return "".join(_SAFE[byte % len(_SAFE)] for byte in _digest(key)[:length])


def chance(*key: object) -> float:
    """A number in 0..1 (1 excluded) that follows from ``key``."""
    return int.from_bytes(_digest(key)[:6]) / 2**48


def between(low: int, high: int, *key: object) -> int:
    """A whole number in ``[low, high]`` that follows from ``key``."""
    return low + int(chance(*key) * (high - low + 1))


def _digest(key: tuple[object, ...]) -> bytes:
    return hashlib.blake2b("/".join(map(str, key)).encode(), digest_size=32).digest()
