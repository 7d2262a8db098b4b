"""Waiting for something to become true, never for time to pass."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

BETWEEN_LOOKS_SECONDS = 0.05


def wait_until(
    condition: Callable[[], T], what: str, *, seconds: float = 30.0, between: float = BETWEEN_LOOKS_SECONDS
) -> T:
    """The first true value of ``condition``, asked again until then. TimeoutError names ``what`` after ``seconds`` [s]."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {seconds:g} s in vain for {what}")
        time.sleep(between)
    return value
