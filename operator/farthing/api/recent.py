"""The bodies of the latest answers: who asks the same before the store changes is sent the same bytes, and told the same of them."""

import gzip
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from typing import Final

MOST_BYTES: Final = 64_000_000
OF_A_KEY: Final = 16_000
"""What the key of a body takes beside it, about: a question with its sets. [B]"""


SMALLEST_ZIPPED: Final = 1_400
"""What fits into one packet is sent as it is. [B]"""
QUICK: Final = 4
"""Of gzip's levels: 9 takes four times as long for a tenth less."""
PIECE: Final = 262_144
"""What is inflated at once. [B]"""


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent, and what its headers say of it."""

    sent: bytes
    tag: str
    """The ETag."""
    warning: str = ""
    """What is missing, if anything is."""
    zipped: bool = False
    """Whether ``sent`` is by gzip, as nearly all clients ask for: zipping takes longer than all else there is to send it."""

    def pieces(self) -> Iterator[bytes]:
        """As it is, for who does not take gzip: a slow reader is to hold a piece of it, and no copy."""
        inflating = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        waiting = self.sent
        while waiting:
            yield inflating.decompress(waiting, PIECE)
            waiting = inflating.unconsumed_tail
        yield inflating.flush()


@dataclass(slots=True)
class RecentBodies:
    """Bodies of answers. Safe to use from several threads."""

    most_bytes: int = MOST_BYTES
    made: int = 0
    """How many bodies were made so far."""
    resent: int = 0
    """How often a body that was kept was the answer."""
    _kept: "OrderedDict[Hashable, Body]" = field(default_factory=OrderedDict)
    _version: Hashable = None
    _bytes: int = 0
    _lock: Lock = field(default_factory=Lock)

    def of(self, key: Hashable, version: Hashable, made: Callable[[], Body]) -> Body:
        """The body of ``key`` at the store's ``version``, by ``made`` if it is not kept. Raises what ``made`` does."""
        with self._lock:
            if version != self._version:
                self._kept, self._version, self._bytes = OrderedDict(), version, 0
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                self.resent += 1
                return found
        found = made()
        with self._lock:
            self.made += 1
            if version == self._version and key not in self._kept and len(found.sent) <= self.most_bytes:
                self._kept[key] = found
                self._bytes += OF_A_KEY + len(found.sent)
            while self._bytes > self.most_bytes:
                self._bytes -= OF_A_KEY + len(self._kept.popitem(last=False)[1].sent)
        return found


def tagged(content: bytes, warning: str = "") -> Body:
    """The body of ``content``. Its ETag is of both: who keeps an answer keeps its warning as long as that is not modified."""
    digest = sha256(content)
    digest.update(warning.encode())
    zipped = len(content) >= SMALLEST_ZIPPED
    sent = gzip.compress(content, QUICK, mtime=0) if zipped else content
    return Body(sent, f'"{digest.hexdigest()[:32]}"', warning, zipped)
