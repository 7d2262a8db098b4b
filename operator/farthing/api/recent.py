"""The bodies of the latest answers: who asks the same before the store changes is sent the same bytes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from typing import Final

MOST_BYTES: Final = 64_000_000
OF_A_KEY: Final = 16_000
"""What the key of a body takes beside it, about: a question with its sets. [B]"""


@dataclass(slots=True)
class RecentBodies:
    """Bodies and their ETags. Safe to use from several threads."""

    most_bytes: int = MOST_BYTES
    made: int = 0
    """How many bodies were made so far."""
    resent: int = 0
    """How often a body that was kept was the answer."""
    _kept: "OrderedDict[Hashable, tuple[bytes, str]]" = field(default_factory=OrderedDict)
    _version: Hashable = None
    _bytes: int = 0
    _lock: Lock = field(default_factory=Lock)

    def of(self, key: Hashable, version: Hashable, made: Callable[[], bytes]) -> tuple[bytes, str]:
        """The body of ``key`` at the store's ``version``, by ``made`` if it is not kept, and its ETag. Raises what ``made`` does."""
        with self._lock:
            if version != self._version:
                self._kept, self._version, self._bytes = OrderedDict(), version, 0
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                self.resent += 1
                return found
        found = tagged(made())
        with self._lock:
            self.made += 1
            if version == self._version and key not in self._kept and len(found[0]) <= self.most_bytes:
                self._kept[key] = found
                self._bytes += OF_A_KEY + len(found[0])
            while self._bytes > self.most_bytes:
                self._bytes -= OF_A_KEY + len(self._kept.popitem(last=False)[1][0])
        return found


def tagged(body: bytes) -> tuple[bytes, str]:
    """``body`` and its ETag."""
    return body, f'"{sha256(body).hexdigest()[:32]}"'
