"""One process writes at a time: a lock on a file, which the system lets go of when the process ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from farthing.errors import StoreError, StoreLockedError


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the right to write at ``root``. Raises StoreLockedError if another process has it, StoreError if nothing can."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / "lock").open("a+b")
    except OSError as error:
        raise StoreError(f"the store {root} cannot be written ({error.strerror}): check its path and rights") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreLockedError(
                f"another process writes to the store {root}: one operator or collect at a time"
            ) from error
        except OSError as error:
            raise StoreError(
                f"the store {root} cannot be locked ({error.strerror}): keep it on a local disk"
            ) from error
        yield
