"""Resources as Kubernetes writes them: quantities that its clients parse."""

from typing import Final

MILLICORES: Final = 1000
KIB: Final = 2**10


def cores_text(cores: float) -> str:
    """``cores`` in whole millicores: ``250m``."""
    return f"{round(cores * MILLICORES)}m"


def bytes_text(size: float) -> str:
    """``size`` [B] in the largest of Mi and Ki of which it is a whole number, or in bytes: ``512Mi``."""
    whole = round(size)
    for suffix, unit in (("Mi", KIB * KIB), ("Ki", KIB)):
        if whole and whole % unit == 0:
            return f"{whole // unit}{suffix}"
    return str(whole)
