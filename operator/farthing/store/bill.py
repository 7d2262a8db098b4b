"""A bill as it is kept: by provider, billing account and billing period, and which times it tells whole."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from farthing.store.focus import Found
from farthing.store.manifest import File

LATE = 172_800
"""So long after a charge it may still come: providers say a day or two. [s]"""

LAST_DAY = 90_000
"""Google's periods end when their last day begins: so much between two periods is no gap. [s]"""


class Bill(msgspec.Struct, frozen=True):
    """What is kept of one billing period of one account. ``start`` and ``end`` are its bounds [unix s], costs in ``currency``."""

    id: str
    provider: str
    account: str
    start: int
    end: int
    currency: str
    timezone: str
    first_day: int
    last_day: int
    """Starts of the first and the last local day that it has charges of. [unix s]"""
    rows: int
    cost: float
    list_cost: float
    credit: float
    file: File
    imported: int
    revision: int = 0
    """How often a bill that differed came in the place of an earlier one."""
    earlier: tuple[int, ...] = ()
    """When the latest of those before it came. [unix s]"""

    @property
    def settled_until(self) -> int:
        """What is before it of the period was over for ``LATE`` when the bill came: it tells that whole. [unix s]"""
        return max(self.start, min(self.end, self.imported - LATE))


def id_of(found: Found) -> str:
    """By what a bill is known: provider, billing account and the first day of the billing period (UTC)."""
    return f"{found.provider}/{found.account}/{datetime.fromtimestamp(found.start, UTC):%Y-%m-%d}"


def is_part(old: Bill, rows: int, first: int, last: int, timezone: str) -> bool:
    """Whether ``rows`` of days of ``timezone`` from ``first`` to ``last`` [unix s] lack days of ``old`` or most of its rows."""
    lacks_days = first > old.first_day or last < old.last_day
    return (lacks_days and timezone == old.timezone) or rows < old.rows / 2


def settled(bills: Sequence[Bill]) -> dict[tuple[str, str], tuple[tuple[int, int], ...]]:
    """Of each provider and account the times that its bills tell whole, see ``Bill.settled_until``. [unix s]"""
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    closed: dict[tuple[str, str], int] = {}
    for one in sorted(bills, key=lambda one: one.start):
        account, end = (one.provider, one.account), one.settled_until
        spans = found.setdefault(account, [])
        if spans and one.start - closed.get(account, 0) <= LAST_DAY:
            spans[-1] = spans[-1][0], max(spans[-1][1], end)
        elif end > one.start:
            spans.append((one.start, end))
        if end == one.end:
            closed[account] = end
    return {account: tuple(spans) for account, spans in found.items()}
