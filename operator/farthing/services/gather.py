"""From metrics to the facts of a chunk: ask everything, a few at a time, and compute."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from farthing.errors import ConservationError
from farthing.model.coverage import Coverage, judged
from farthing.model.intervals import Chunk
from farthing.services.ports import MetricsSource, NewWorkbench, Progress, Workbench

CONSERVED = 1e-9
"""By how much, relative, allocated + idle - overallocated may differ from an asset's cost (C12)."""

AT_ONCE = 4
"""Requests in flight at most: a fifth of Prometheus' default ``query.max-concurrency``."""


def silent(_what: str, _done: int, _of: int) -> None:
    """Progress that nobody watches."""


@contextmanager
def gathered(  # noqa: PLR0913 - a use case names what it needs
    metrics: MetricsSource,
    new_workbench: NewWorkbench,
    chunk: Chunk,
    cluster: str,
    known: Iterable[Coverage] = (),
    progress: Progress = silent,
) -> Iterator[tuple[Workbench, list[Coverage]]]:
    """A workbench with the facts of ``chunk``, and the coverage of its intervals.

    ``known`` is the coverage of other intervals, by which the scrapes to be expected are judged. Raises MetricsError.
    """
    collected = metrics.now()
    with new_workbench(chunk, cluster) as bench, ThreadPoolExecutor(AT_ONCE, "farthing-gather") as pool:
        # Each answer is let go before the next is loaded, and a failure asks for no more.
        answers = pool.map(lambda name: metrics.samples(name, chunk.start, chunk.end, chunk.step), metrics.names)
        for done, samples in enumerate(answers, start=1):
            bench.load(samples)
            progress("asking Prometheus", done, len(metrics.names))
        seen = judged(bench.compute(), known)
        # Asked this way round, a residual that is no number is a breach too.
        breaches = [one.residual for one in seen if not one.residual <= CONSERVED]
        if breaches:
            raise ConservationError(
                f"allocated + idle - overallocated differs from an asset's cost by {max(breaches):.1e} of it: this is a fault of "
                "Farthing's, and nothing was kept of it; please report it"
            )
        yield bench, [replace(one, collected=collected, prices=bench.prices.identity_at(one.start)) for one in seen]
