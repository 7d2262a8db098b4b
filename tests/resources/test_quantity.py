"""Quantities as apimachinery's own tests and documents have them (pkg/api/resource/quantity.go)."""

import pytest

from farthing.errors import InvalidInputError
from farthing.resources.quantity import parse_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0), ("0.5", 0.5), ("500m", 0.5), (".5", 0.5), ("5.", 5.0), ("+5", 5.0), ("100n", 1e-7), ("250u", 2.5e-4),
        ("1k", 1e3), ("1M", 1e6), ("1G", 1e9), ("1E", 1e18), ("1e3", 1e3), ("1E3", 1e3), ("12e-3", 0.012),
        ("1Ki", 1024.0), ("1.5Gi", 1.5 * 2**30), ("2Ti", 2.0**41), ("1Pi", 2.0**50),
        # Finer than a billionth is rounded up, and more than an int64 holds is what it holds.
        ("0.1n", 1e-9), ("1e-100", 1e-9), ("8Ei", float(2**63)), ("1e100", float(2**63)),
    ],
)  # fmt: skip
def test_a_quantity_is_a_number_with_a_suffix_or_an_exponent(text: str, value: float) -> None:
    assert parse_quantity(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1 ",
        ".",
        "-1",
        "1K",
        "1mi",
        "1ki",
        "1_000",
        "1,5",
        "NaN",
        "inf",
        "0x10",
        "1e",
        "1e3m",
        "1e9999",
        "٣",
        "9" * 65,
    ],
)
def test_what_kubernetes_does_not_take_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="is no quantity"):
        parse_quantity(text)
