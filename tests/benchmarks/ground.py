"""The ground the benchmarks stand on: a real Prometheus with a week of a large made-up cluster in it, made once."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from farthing.demo.large import Size, bench_cluster
from farthing.demo.watch import expose
from tests.support.prometheus_server import PrometheusServer
from tests.support.remote_write import write
from tests.support.tools import ensure

START = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
DAYS = 7
DAY = 86400
END = START + DAYS * DAY
SIZE = Size(nodes=60, pods=2000, containers=2500)
INTERVAL = 60
REPOSITORY = Path(__file__).parents[2]
MADE_FROM = (
    # Not from source.py: it reads the made cluster, it does not make it.
    *(path for path in REPOSITORY.glob("operator/farthing/demo/*.py") if path.name != "source.py"),
    REPOSITORY / "tests/support/remote_write.py",
)


@contextmanager
def week(progress: bool = True) -> Iterator[PrometheusServer]:
    """A Prometheus that holds the week; written on the first run, 5 to 10 minutes, and kept outside the tree."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(MADE_FROM))).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "farthing" / "bench"
    folder = cache / digest
    done = folder / "complete"
    if not done.exists():
        shutil.rmtree(cache, ignore_errors=True)
        folder.mkdir(parents=True)
    with PrometheusServer(folder, ensure(["prometheus"])["prometheus"]) as server:
        if not done.exists():
            if progress:
                print(
                    f"writing a week of {SIZE.containers} containers into Prometheus (once, 5 to 10 minutes)",
                    flush=True,
                )
            written = write(expose(bench_cluster(START, END, SIZE)), server.url, INTERVAL)
            done.write_text(f"{written}\n")
        if progress:
            print(done.read_text().strip(), flush=True)
        yield server
