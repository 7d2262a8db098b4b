"""What a source of metrics hands to the model: one query's samples as columns."""

from array import array
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Samples:
    """Series with their labels, and each sample as an index of its series, a time [unix s] and a value."""

    name: str
    labels: dict[str, list[str]]
    """Label values by label name, one a series."""
    series_count: int
    index: "array[int]"
    times: "array[float]"
    values: "array[float]"

    def __post_init__(self) -> None:
        if not len(self.index) == len(self.times) == len(self.values):
            raise ValueError("index, times and values have one entry a sample each")
