"""Times and amounts as the scenarios write them."""

DAY_START = 1_793_577_600
"""2026-11-02 00:00 UTC. [unix s]"""

UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


def instant(text: str | int) -> int:
    """Unix time of ``10:30`` or ``10:30:15`` of the scenarios' day; ``34:30`` is on the day after. [s]"""
    if isinstance(text, int):
        return text
    hours, minutes, seconds = (*map(int, text.split(":")), 0)[:3]
    return DAY_START + 3600 * hours + 60 * minutes + seconds


def span(text: str) -> tuple[int, int]:
    """Unix times of ``10:30-11:00``. [s]"""
    start, _, end = text.partition("-")
    return instant(start), instant(end)


def number(text: str | float) -> float:
    """The number that is written plain or, of bytes, with ``Ki``, ``Mi`` or ``Gi``."""
    text = str(text)
    return float(text[:-2]) * UNITS[text[-2:]] if text[-2:] in UNITS else float(text)
