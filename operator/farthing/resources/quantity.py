"""Quantities as Kubernetes writes them, such as 500m and 1Gi (apimachinery, pkg/api/resource/quantity.go)."""

import re
from decimal import ROUND_UP, Context, Decimal
from typing import Final

from farthing.errors import InvalidInputError
from farthing.model.zone import quoted

LONGEST: Final = 64
"""Characters of a quantity."""
MOST: Final = Decimal(2**63 - 1)
"""Kubernetes takes more for this."""
FINEST: Final = Decimal("1e-9")
"""And rounds up to whole numbers of this."""

_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_WRITTEN: Final = re.compile(r"\+?([0-9]+\.?[0-9]*|\.[0-9]+)(?:([KMGTPE]i|[numkMGTPE]?)|[eE]([+-]?[0-9]{1,3}))")
_EXACT: Final = Context(prec=400)
"""Digits for any quantity that is not too long."""


def parse_quantity(text: str) -> float:
    """How much ``text`` is, 0 or more. Raises InvalidInputError."""
    found = _WRITTEN.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        raise InvalidInputError(
            f"{quoted(text)} is no quantity: allowed are numbers of 0 or more, such as 0.5, with n, u, m, k, M, G, T, P or E, "
            "with Ki, Mi, Gi, Ti, Pi or Ei, or with an exponent such as e3 behind"
        )
    number, suffix, exponent = found.groups()
    value = Decimal(number)
    if exponent is not None:
        value = _EXACT.scaleb(value, int(exponent))
    elif suffix in _BINARY:
        value = _EXACT.multiply(value, Decimal(2 ** _BINARY[suffix]))
    else:
        value = _EXACT.scaleb(value, _DECIMAL[suffix])
    if value >= MOST:
        return float(MOST)
    return float(value.quantize(FINEST, rounding=ROUND_UP, context=_EXACT))
