"""What the use cases need from the outside. The adapters know nothing of this file."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from farthing.model.answer import Found
from farthing.model.coverage import Coverage
from farthing.model.intervals import Chunk
from farthing.model.plan import BillFile, Part
from farthing.model.prices import Prices
from farthing.model.question import Shape
from farthing.model.samples import Samples
from farthing.model.telling import Expression
from farthing.model.window import Window

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many parts of it are done, and of how many."""


class MetricsSource(Protocol):
    """Prometheus, or what answers like it."""

    @property
    def names(self) -> Sequence[str]:
        """The queries of the catalogue."""
        ...

    def now(self) -> float:
        """Its clock. [unix s] Raises MetricsError."""
        ...

    def samples(self, name: str, start: int, end: int, step: int) -> Samples:
        """Samples of the query ``name`` over intervals of ``step`` [s]. Raises MetricsError. Called from threads."""
        ...


class Workbench(Protocol):
    """Where the samples of one chunk become facts."""

    @property
    def prices(self) -> Prices:
        """The price books that apply."""
        ...

    def load(self, samples: Samples) -> None:
        """Keep the samples of one query."""
        ...

    def compute(self) -> list[dict[str, float]]:
        """Make the facts; returns what was seen in each interval (``model.coverage.observations``)."""
        ...

    def save(self, folder: Path, day: int) -> dict[str, str]:
        """Write the facts into ``folder``, what is said of pods as of ``day``; returns the file of each table."""
        ...


class StoredDay(Protocol):
    """One local day of facts."""

    @property
    def date(self) -> str:
        """Its date in the store's timezone."""
        ...

    @property
    def start(self) -> int:
        """When it begins. [unix s]"""
        ...

    @property
    def end(self) -> int:
        """When it ends. [unix s]"""
        ...

    @property
    def coverage(self) -> Sequence[Coverage]:
        """Of its hours."""
        ...

    @property
    def has_hours(self) -> bool:
        """Whether it is still kept by the hour."""
        ...


class FactsStore(Protocol):
    """Keeps days of facts."""

    def writing(self) -> AbstractContextManager[None]:
        """The right to write. Raises StoreLockedError, StoreError."""
        ...

    def day(self, cluster: str, date: str) -> StoredDay | None:
        """The day of that date, if it is stored. Raises StoreError."""
        ...

    def manifests(self, cluster: str) -> Sequence[StoredDay]:
        """All stored days of a cluster, oldest first. Raises StoreError."""
        ...

    def files(self, day: Any, grain: str) -> dict[str, str] | None:
        """The verified file of each table of a day that ``day`` gave, if it is kept at that grain.

        Raises StoreError, also if the day was replaced since.
        """
        ...

    def asset_days(self, date: str) -> list[str]:
        """The verified files of the assets of a day, summed up, of all clusters. Raises StoreError."""
        ...

    def keep(self, bench: Any, place: tuple[str, str, Window], seen: Sequence[Coverage]) -> StoredDay | None:
        """Put the facts of a workbench into the day of ``place`` (cluster, date, bounds). Raises StoreError.

        Returns None where what an older version stored of the day tells more.
        """
        ...

    def prune(self, cluster: str, hours_before: int, days_before: int) -> None:
        """Forget hours and days that ended before a time. [unix s]"""
        ...


class BillStore(Protocol):
    """Keeps bills."""

    def files(self, start: int, end: int) -> list[BillFile]:
        """The verified files of the bills with charges of the days from ``start`` to before ``end``. [unix s] Raises StoreError."""
        ...


class FactsReader(Protocol):
    """Answers over files of facts."""

    def found(
        self,
        shape: Shape,
        parts: Sequence[Part],
        limit: int = 0,
        passed: Sequence[float] = (),
        *,
        detailed: bool = False,
    ) -> Found:
        """What answers a question; see ``store.reading.Reader.found``."""
        ...

    def facts(self, shape: Shape, expression: Expression, parts: Sequence[Part], most: int) -> list[dict[str, Any]]:
        """The rows of ``expression`` over the facts of ``parts``; see ``store.reading.Reader.facts``."""
        ...


NewWorkbench = Callable[[Chunk, str], AbstractContextManager[Workbench]]
"""Opens a workbench for a chunk of a cluster."""
