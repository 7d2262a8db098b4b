"""A process that keeps a day and is killed while it does: at a line of the store's code, or when its parent says so."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from farthing.store.days import Store, _roll_up_sql
from farthing.store.manifest import TABLES
from tests.support import fact_rows
from tests.support.fact_rows import CLUSTER, DATE, DAY, START, one_hour, seen

PLACE = (CLUSTER, DATE, DAY)
# Once for all the processes that begin as a copy of one that has imported this.
for table in TABLES:
    _roll_up_sql(table, START)

STORE_CODE = str(Path(sys.modules[Store.__module__].__file__ or "").parent)


def keep(root: Path, cost: float) -> None:
    """Keep a day whose only hour costs ``cost``."""
    fact_rows.keep(Store(root), one_hour(cost), seen(0))


def keep_until_line(root: Path, cost: float, line: int) -> None:
    """Keep a day, and be killed when the store's code runs its ``line``-th line; exits with 0 if it has fewer."""
    store = Store(root)
    left = line

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(STORE_CODE):
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    with one_hour(cost) as bench, store.writing():
        sys.settrace(trace)
        store.keep(bench, PLACE, seen(0))  # type: ignore[arg-type]
        sys.settrace(None)


def keep_for_ever(root: Path, cost: float, begun: Any) -> None:
    """Keep the day again and again, each time a whole number dearer, until killed; tells when it begins."""
    begun.set()
    while True:
        keep(root, cost)
        cost += 1
