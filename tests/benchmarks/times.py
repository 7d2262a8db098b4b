"""How long work takes, and what is told of it."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any


def percentiles(times: Sequence[float]) -> dict[str, float]:
    """p50 and p99 of ``times``. [ms]"""
    ordered = sorted(times)
    return {"p50_ms": statistics.median(ordered), "p99_ms": ordered[int(len(ordered) * 0.99) - 1]}


def timed(work: Callable[[], Any]) -> float:
    """How long ``work`` takes. [s]"""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
