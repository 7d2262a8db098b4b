"""Files in object storage, copied to this machine: S3 and whatever speaks as it does, Google Cloud Storage, Azure Blob Storage."""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path, PurePosixPath

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import ObjectStore, from_url

from farthing.errors import InvalidBillError, StoreError

SCHEMES = ("s3", "gs", "az")
CHUNK = 8 << 20
"""What is held in memory of an object at a time. [B]"""
RETRIES = 3
RETRIED_FOR = timedelta(seconds=60)
WILDCARD = re.compile(r"[*?[]")


def is_address(name: str) -> bool:
    """Whether ``name`` is of an object rather than of a file."""
    return "://" in name


def copied(address: str, folder: Path) -> Iterator[tuple[Path, int, int]]:
    """The objects that ``address`` means, copied to ``folder`` one by one: the path of each, which one it is, and of how many.

    An object that is there already is not copied again, and has the path that it had.
    An address is scheme://bucket/key; parts of the key may be patterns. Credentials are those of the environment, as the
    providers' own tools read them. Raises InvalidBillError for an address that means nothing, StoreError for what cannot be
    read or written.
    """
    scheme, _, rest = address.partition("://")
    bucket, _, key = rest.partition("/")
    if "@" in bucket or "sig=" in key.lower():
        # Not even repeated: what is in front of a host, or signs an address, is a secret.
        raise InvalidBillError("an address holds credentials: give them by the environment, and leave them out of it")
    if scheme not in SCHEMES or not bucket or not key or key.endswith("/"):
        raise InvalidBillError(
            f"{address!r} names no objects: write {', '.join(f'{one}://' for one in SCHEMES[:-1])} or {SCHEMES[-1]}://, a "
            "bucket or container, and the objects, such as 's3://bucket/exports/*.parquet'"
        )
    with _asked(address):
        # An endpoint without TLS must be allowed, by the variable that other tools know.
        plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true"
        store = from_url(
            f"{scheme}://{bucket}",
            client_options={"timeout": "1h", "connect_timeout": "10s", "allow_http": plain},
            retry_config={"max_retries": RETRIES, "retry_timeout": RETRIED_FOR},
        )
    meant = _meant(store, address, key)
    for number, found in enumerate(meant, 1):
        whole = f"{scheme}://{bucket}/{found}"
        # A folder of its own, as names repeat; and only the last part of a name, as others may lead out of it.
        target = folder / hashlib.sha256(whole.encode()).hexdigest()[:16] / PurePosixPath(found).name
        yield target if target.exists() else _copy(store, found, whole, target), number, len(meant)


def _meant(store: ObjectStore, address: str, key: str) -> list[str]:
    """The keys that ``key`` stands for, in order."""
    pattern = WILDCARD.search(key)
    if pattern is None:
        return [key]
    # What is listed is a folder and all that is in it.
    above = key[: pattern.start()].rpartition("/")[0]
    with _asked(address):
        listed = [one["path"] for some in obstore.list(store, above or None) for one in some]
    found = sorted(one for one in listed if PurePosixPath("/", one).match(f"/{key}"))
    if not found:
        raise InvalidBillError(
            f"no object is meant by {address!r}: a pattern's * stands for a part of one name, without /"
        )
    return found


def _copy(store: ObjectStore, key: str, address: str, target: Path) -> Path:
    try:
        target.parent.mkdir()
        with target.open("wb") as file:
            for chunk in _chunks(store, key, address):
                file.write(chunk)
    except OSError as error:
        raise StoreError(
            f"{address} cannot be copied to {target.parent.parent} ({error.strerror}): make room there, or name another place by TMPDIR"
        ) from error
    return target


def _chunks(store: ObjectStore, key: str, address: str) -> Iterator[memoryview]:
    with _asked(address):
        for chunk in obstore.get(store, key).stream(min_chunk_size=CHUNK):
            yield memoryview(chunk)


@contextmanager
def _asked(address: str) -> Iterator[None]:
    """Tell in a sentence what went wrong with the storage: what its library says may hold credentials."""
    try:
        yield
    except (FileNotFoundError, NotFoundError):
        raise InvalidBillError(f"there is no object {address!r}") from None
    except (BaseError, OSError, ValueError) as error:
        status = re.search(r"status code: (\d{3} [A-Za-z ]+)", str(error))
        answer = f"it answers {status[1].strip()}" if status else "it does not answer"
        raise StoreError(
            f"{address} cannot be read ({answer}): check the address, the region or endpoint, and the credentials that the "
            "environment gives (AWS_…, GOOGLE_…, AZURE_…)"
        ) from None
