"""Writes made-up series into a Prometheus by its remote-write protocol, in time order, an hour at a time.

The messages are protobuf, encoded here by hand: every sample of a remote-write request takes the same 18 bytes, so that a
whole hour of a series is one array of them in numpy.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import requests
import snappy

from farthing.demo.series import Exposition, Part, Series, scrape_phase
from farthing.demo.shapes import Constant, Counter, Shape, Wave

HOUR = 3600
STALE = np.array([0x7FF0000000000002], dtype="<u8").view("<f8")[0]
"""The one NaN that means: the series ended."""
SAMPLE_BYTES = 18
REQUEST_BYTES = 3_000_000
NO_LABELS: Mapping[str, str] = {}
Gaps = Sequence[tuple[int, int]]
Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
SAMPLE_HEAD = bytes([0x12, SAMPLE_BYTES - 2, 0x09])
"""Field 2 of a series: a message of 16 bytes, of which field 1 is a double."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was sent, and how long it took."""

    samples: int
    requests: int
    seconds: float


def write(
    exposition: Exposition,
    url: str,
    interval: int = 60,
    *,
    gaps: Gaps = (),
    drop: Callable[[Series], bool] | None = None,
    labels: Mapping[str, str] = NO_LABELS,
    start: int | None = None,
    end: int | None = None,
) -> Written:
    """Write all scrapes of ``exposition``, or those in ``[start, end)``, to the Prometheus at ``url``.

    Nothing is scraped in ``gaps``; series for which ``drop`` is true are left out. A series that ends gets a staleness
    marker at its next scrape. ``labels`` are added to all series, as a Prometheus' external labels are. Raises requests.HTTPError when Prometheus refuses a request.
    """
    begun = time.perf_counter()
    kept = [each for each in exposition.series if not (drop and drop(each))]
    waiting = sorted(kept, key=lambda each: each.parts[0].start, reverse=True)
    first = exposition.start if start is None else start
    last = exposition.end if end is None else end
    grids = _Grids(interval, gaps)
    alive: list[_Writer] = []
    samples = sent = 0
    with requests.Session() as session:
        for hour in range(first, last, HOUR):
            while waiting and waiting[-1].parts[0].start < hour + HOUR:
                alive.append(_Writer(waiting.pop(), interval, exposition.end, gaps, labels))
            alive = [writer for writer in alive if writer.end > hour]
            for body, count in _requests(alive, grids, hour, min(hour + HOUR, last)):
                _post(session, url, body)
                samples += count
                sent += 1
    return Written(samples, sent, time.perf_counter() - begun)


class _Grids:
    """The scrape times of each phase within the hour being written, and their half of the encoded samples."""

    def __init__(self, interval: int, gaps: Gaps) -> None:
        self._interval = interval
        self._gaps = gaps
        self._hour = (0, 0)
        self._grids: dict[int, tuple[Times, npt.NDArray[np.uint8]]] = {}

    def at(self, phase: int, start: int, end: int) -> tuple[Times, npt.NDArray[np.uint8]]:
        """Scrape times of ``phase`` in ``[start, end)``, and for each a sample whose value is still to be filled in."""
        if self._hour != (start, end):
            self._hour, self._grids = (start, end), {}
        if phase not in self._grids:
            times = np.arange(start + (phase - start) % self._interval, end, self._interval, dtype=np.int64)
            for gap_start, gap_end in self._gaps:
                times = times[(times < gap_start) | (times >= gap_end)]
            self._grids[phase] = times, _blank_samples(times)
        return self._grids[phase]


class _Writer:
    """One series with its labels encoded once."""

    def __init__(self, series: Series, interval: int, until: int, gaps: Gaps, labels: Mapping[str, str]) -> None:
        self.parts = series.parts
        self.phase = scrape_phase(series.target, interval)
        pairs = sorted((dict(series.labels) | {"__name__": series.metric} | dict(labels)).items())
        self.head = b"".join(_label(*pair) for pair in pairs)
        markers = (part.end + (self.phase - part.end) % interval for part in series.parts)
        self.markers = [
            marker
            for marker in markers
            if marker < until
            and not any(part.start <= marker < part.end for part in series.parts)
            and not any(gap_start <= marker < gap_end for gap_start, gap_end in gaps)
        ]
        self.end = max([series.parts[-1].end, *(marker + 1 for marker in self.markers)])

    def encode(self, grids: _Grids, start: int, end: int) -> tuple[bytes, int]:
        """The message of this series for ``[start, end)``, and how many samples it holds."""
        times, blank = grids.at(self.phase, start, end)
        chunks = [_samples(part, times, blank) for part in self.parts if part.start < end and part.end > start]
        chunks += [_marker(marker) for marker in self.markers if start <= marker < end]
        if len(chunks) > 1:
            samples = np.concatenate(chunks)
            # Prometheus refuses samples out of order, and markers lie between the parts.
            samples = samples[np.argsort(_times_of(samples), kind="stable")]
        elif chunks:
            samples = chunks[0]
        else:
            return b"", 0
        message = self.head + samples.tobytes()
        return (b"\x0a" + _varint(len(message)) + message if len(samples) else b""), len(samples)


def _requests(series: list[_Writer], grids: _Grids, start: int, end: int) -> Iterator[tuple[bytes, int]]:
    chunks: list[bytes] = []
    size = count = 0
    for writer in series:
        chunk, samples = writer.encode(grids, start, end)
        chunks.append(chunk)
        size += len(chunk)
        count += samples
        if size > REQUEST_BYTES:
            yield b"".join(chunks), count
            chunks, size, count = [], 0, 0
    if count:
        yield b"".join(chunks), count


def _samples(part: Part, times: Times, blank: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    low, high = np.searchsorted(times, (part.start, part.end))
    samples = blank[low:high].copy()
    samples[:, 3:11] = _values(part.shape, times[low:high]).view(np.uint8).reshape(-1, 8)
    return samples


def _marker(moment: int) -> npt.NDArray[np.uint8]:
    marker = _blank_samples(np.array([moment], dtype=np.int64))
    marker[:, 3:11] = np.array([STALE], dtype="<f8").view(np.uint8).reshape(-1, 8)
    return marker


def _values(shape: Shape, times: Times) -> Values:
    match shape:
        case Constant(level):
            return np.full(len(times), level, dtype="<f8")
        case Wave(base, swing, _):
            wave: Values = base * (1 + swing * np.sin(_angles(shape, times)))
            return wave
        case Counter(rate, since):
            turned = np.cos(rate.angle(since)) - np.cos(_angles(rate, times))
            grown: Values = rate.base * ((times - since) + rate.swing * turned * 86_400 / (2 * np.pi))
            return grown


def _angles(wave: Wave, times: Times) -> Values:
    return np.asarray((times % 86_400) * (2 * np.pi / 86_400) + wave.phase, dtype=np.float64)


def _blank_samples(times: Times) -> npt.NDArray[np.uint8]:
    """One row of 18 bytes per time: head, eight bytes for the value, and the time [ms] as a varint of six bytes."""
    milliseconds = times * 1000
    samples = np.empty((len(times), SAMPLE_BYTES), dtype=np.uint8)
    samples[:, :3] = np.frombuffer(SAMPLE_HEAD, dtype=np.uint8)
    samples[:, 11] = 0x10
    for index in range(6):
        more = 0x80 if index < 5 else 0
        samples[:, 12 + index] = (milliseconds >> (7 * index)) & 0x7F | more
    return samples


def _times_of(samples: npt.NDArray[np.uint8]) -> Times:
    groups = samples[:, 12:18].astype(np.int64) & 0x7F
    return np.asarray((groups << (7 * np.arange(6))).sum(axis=1), dtype=np.int64)


def _label(name: str, value: str) -> bytes:
    message = _text(1, name) + _text(2, value)
    return b"\x0a" + _varint(len(message)) + message


def _text(field: int, text: str) -> bytes:
    encoded = text.encode()
    return bytes([field << 3 | 2]) + _varint(len(encoded)) + encoded


def _varint(number: int) -> bytes:
    groups = []
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])


def _post(session: requests.Session, url: str, body: bytes) -> None:
    headers = {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    response = session.post(f"{url}/api/v1/write", data=snappy.compress(body), headers=headers, timeout=60)
    if not response.ok:
        raise requests.HTTPError(
            f"Prometheus at {url} refused a remote write: {response.status_code} {response.text[:300]}"
        )
