"""Which bills tell of a piece of a window, and what they are compared with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from farthing.model.plan import BillFile, Billing
from farthing.model.question import Question
from farthing.model.window import Window, day_of
from farthing.model.zone import date_of
from farthing.services.ports import BillStore, FactsStore


@dataclass(frozen=True, slots=True)
class Billed:
    """The bills of a store, as far as a question wants them."""

    bills: BillStore | None
    store: FactsStore
    zone: tzinfo

    def files(self, question: Question) -> tuple[BillFile, ...]:
        """The files of the bills that tell of days of ``question``, none where it wants none. Raises StoreError."""
        if self.bills is None or not (question.shape.reconcile or question.shape.external):
            return ()
        window = question.window
        start = day_of(window.start, self.zone).start
        return tuple(self.bills.files(int(start.timestamp()), int(window.end.timestamp())))

    def of(self, files: Sequence[BillFile], intervals: Iterable[Window]) -> Billing | None:
        """What the bills ``files`` say of facts of ``intervals``; None where there is nothing. Raises StoreError."""
        if not files:
            return None
        told: list[tuple[int, int, float, float]] = []
        ends: dict[int, int] = {}
        dates: dict[str, None] = {}
        for interval in intervals:
            day = day_of(interval.start, self.zone)
            dates[str(date_of(day.start, self.zone))] = None
            start, of_day = int(interval.start.timestamp()), int(day.start.timestamp())
            ends[of_day] = int(day.end.timestamp())
            told.append((start, of_day, float(interval.seconds), interval.seconds / day.seconds))
        assets = tuple(path for date in dates for path in self.store.asset_days(date))
        if not assets:
            return None
        open_days = ((one.path, tuple(day for day, end in ends.items() if not one.settles(day, end))) for one in files)
        waiting = tuple((path, days) for path, days in open_days if days)
        return Billing(tuple(one.path for one in files), assets, tuple(told), waiting)
