"""``make bench``: how fast, against the bare work, measured in one run on a real Prometheus and real files.

Times are medians of several runs; each pair is run in turns, so that a noisy minute hits both. The figures are also
written to bench/results.json.
"""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from farthing import wiring
from farthing.model.filter_parser import parse_filter
from farthing.model.prices import NO_PRICES, PriceBook, Prices, Rule, Selector
from farthing.model.question import Question, Shape, Sharing
from farthing.model.window import Window
from farthing.prometheus.catalogue import CATALOGUE
from farthing.services.collect import Collector
from farthing.settings import Settings
from farthing.store.days import Store
from farthing.store.reading import Reader
from farthing.store.repricing import reprice
from tests.benchmarks.bills import BILLS, imported
from tests.benchmarks.ground import DAY, DAYS, END, REPOSITORY, SIZE, START, week
from tests.benchmarks.long_store import long_store
from tests.benchmarks.over_http import over_http
from tests.benchmarks.times import percentiles, timed
from tests.support.controlplane import PROGRAMS, ControlPlane
from tests.support.many_reports import many_reports
from tests.support.tools import ensure

RUNS = 5
REPRICED = 3
QUESTIONS = 400
MANY_DAYS = 120
HOUR = 3600
CLUSTER = "bench"
WEEK = Window(datetime.fromtimestamp(START, UTC), datetime.fromtimestamp(END, UTC))

PEAK_OF_CHILD = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def main() -> None:
    """Run every benchmark and print a line each."""
    results: dict[str, Any] = {
        "size": {"nodes": SIZE.nodes, "pods": SIZE.pods, "containers": SIZE.containers, "days": DAYS},
        "machine": {"python": platform.python_version(), "cpus": os.cpu_count()},
    }
    with week() as server, tempfile.TemporaryDirectory() as folder:
        settings = Settings(prometheus=server.url, store=Path(folder, "store"), cluster=CLUSTER)
        results["collect a day"] = collect_a_day(settings, Path(folder))
        results["memory"] = memory(server.url, Path(folder))
        results["7 days by namespace"] = seven_days(settings)
        results["7 days as a CostReport"] = as_reported(settings)
        results["7 days by namespace,label:app"] = shared_and_filtered(settings)
        results["120 daily sets by namespace"] = daily_sets(settings, Path(folder))
        results["over HTTP"] = over_http(settings.store, Path(folder, "long"), CLUSTER, (START, END), MANY_DAYS)
        results["120 days repriced"] = repriced(settings, Path(folder))
        results["200 reports"] = reports_at_once(settings, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        results["a bill"] = {name: imported(Path(folder), name) for name in BILLS}
    out = REPOSITORY / "bench"
    out.mkdir(exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"written to {out.name}/results.json")


def day(number: int) -> Window:
    """A day of the week."""
    start = START + number * DAY
    return Window(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(start + DAY, UTC))


def collect_a_day(settings: Settings, folder: Path) -> dict[str, Any]:
    """Collecting a day against the same queries sent bare, four at a time."""
    bare_times: list[float] = []
    our_times: list[float] = []
    with wiring.prometheus(settings) as prometheus:

        def bare() -> None:
            start = START + 3 * DAY
            with ThreadPoolExecutor(4) as pool:
                for body in pool.map(lambda query: prometheus.fetch(query, start, start + DAY, HOUR), CATALOGUE):
                    del body

        def ours(run: int) -> None:
            one = Settings(**{**_fields(settings), "store": folder / f"run-{run}"})
            wiring.collector(one, prometheus).collect(day(3))

        bare()
        ours(-1)
        for run in range(RUNS):
            bare_times.append(timed(bare))
            our_times.append(timed(lambda run=run: ours(run)))
    figures = {
        "bare_s": statistics.median(bare_times),
        "collect_s": statistics.median(our_times),
        "ratio": statistics.median(ours / bare for ours, bare in zip(our_times, bare_times, strict=True)),
    }
    print(f"one day collected        {figures['ratio']:.2f} x the bare queries   "
          f"({figures['collect_s']:.2f} s, bare {figures['bare_s']:.2f} s)", flush=True)  # fmt: skip
    return figures


def memory(url: str, folder: Path) -> dict[str, Any]:
    """Peak resident memory of ``farthing collect``, for a day and for seven."""
    one = peak(url, folder / "one", START + 6 * DAY)
    seven = peak(url, folder / "seven", START)
    print(
        f"peak memory of collect   {one:.0f} MB for a day, {seven:.0f} MB for seven ({seven / one:.2f} x)", flush=True
    )
    return {"one_day_mb": one, "seven_days_mb": seven, "ratio": seven / one}


def peak(url: str, store: Path, start: int) -> float:
    """Peak resident memory of a collect from ``start`` to the week's end. [MB]"""
    command = [sys.executable, "-m", "farthing", "collect", "--prometheus", url, "--store", str(store),
               "--cluster", CLUSTER, "--from", str(start), "--to", str(END)]  # fmt: skip
    # A process counts the peak of the one that started it as its own: it is started by one that is small.
    done = subprocess.run([sys.executable, "-c", PEAK_OF_CHILD, *command], capture_output=True, text=True, check=True)
    return int(done.stdout) * 1024 / 1e6


def seven_days(settings: Settings) -> dict[str, Any]:
    """A report of seven days by namespace, from the store, inside the process."""
    with wiring.prometheus(settings) as prometheus:
        collector: Collector = wiring.collector(settings, prometheus)
        collector.collect(WEEK)
    question = Question(Shape("allocation", ("namespace",)), WEEK, ((WEEK,),))
    figures = {**asked(settings, question), "bare_scan_p50_ms": bare_scan(settings)}
    print(f"7 days by namespace      {told(figures)}; the bare scan of the same files "
          f"{figures['bare_scan_p50_ms']:.1f} ms", flush=True)  # fmt: skip
    return figures


def as_reported(settings: Settings) -> dict[str, Any]:
    """The same as a CostReport asks it: the fee shared, each row with its volumes and load balancers."""
    question = Question(Shape("allocation", ("namespace",), sharing=Sharing(overhead=True)), WEEK, ((WEEK,),))
    figures = asked(settings, question, detailed=True)
    print(f"the same as a CostReport, with overhead, volumes and load balancers   {told(figures)}", flush=True)
    return figures


def shared_and_filtered(settings: Settings) -> dict[str, Any]:
    """A report of seven days by namespace and label, idle shared and rows filtered, from the store, inside the process."""
    kept = parse_filter('namespace<~:"team"+label[env]:"production"')
    shape = Shape("allocation", ("namespace", "label:app"), sharing=Sharing(idle=True), kept=kept)
    figures = asked(settings, Question(shape, WEEK, ((WEEK,),)))
    print(f"7 days by namespace,label:app, idle shared, filtered   {told(figures)}", flush=True)
    return figures


def daily_sets(settings: Settings, folder: Path) -> dict[str, Any]:
    """A report of 120 days by namespace, a set a day, from the store, inside the process; the week's days in turn."""
    store = folder / "long"
    start, end = long_store(settings.store, store, CLUSTER, MANY_DAYS)
    instants = [datetime.fromtimestamp(at, UTC) for at in range(start, end + DAY, DAY)]
    sets = tuple((Window(*bounds),) for bounds in pairwise(instants))
    question = Question(Shape("allocation", ("namespace",)), Window(instants[0], instants[-1]), sets)
    figures = asked(Settings(**{**_fields(settings), "store": store}), question, QUESTIONS // 8)
    print(f"120 daily sets by namespace   {told(figures)}", flush=True)
    return figures


def repriced(settings: Settings, folder: Path) -> dict[str, Any]:
    """Other prices for the 120 days that ``daily_sets`` made, and none again. [s]"""
    store = Store(folder / "long")
    rules = (Rule("all", cpu=0.05, ram=0.006, discount=0.2), Rule("spot", Selector(spot=True), node=0.3))
    book = PriceBook("bench", rules=rules, storage=(("*", 0.001),), balancer=0.5, management=0.75)
    times: dict[str, list[float]] = {"prices_s": [], "back_s": []}
    for _ in range(REPRICED):
        for took, prices in zip(times.values(), (Prices((book,)), NO_PRICES), strict=True):
            took.append(
                timed(lambda prices=prices: reprice(store, settings.cluster, "2000-01-01", prices, lambda *_: None))
            )
    figures = {name: statistics.median(took) for name, took in times.items()}
    print(f"120 days repriced             {figures['prices_s']:.1f} s, and back {figures['back_s']:.1f} s", flush=True)
    return figures


def asked(
    settings: Settings, question: Question, times: int = QUESTIONS, *, detailed: bool = False
) -> dict[str, float]:
    """How long ``question`` takes: first, then with the sums of stored days at hand, and when it was just asked. [ms]"""
    reader = Reader()
    answers = replace(wiring.answerer(settings, None), reader=reader)
    now = int(question.window.end.timestamp()) + DAY

    def ask() -> float:
        return timed(lambda: answers.answer(question, now, detailed=detailed)) * 1000

    def anew() -> float:
        reader.recent.forget()
        return ask()

    first = ask()
    figures = {"first_ms": first, **percentiles([anew() for _ in range(times)])}
    return {**figures, "again_p50_ms": percentiles([ask() for _ in range(times)])["p50_ms"]}


def told(figures: dict[str, float]) -> str:
    """The ``figures`` of ``asked``."""
    return (f"p50 {figures['p50_ms']:.1f} ms, p99 {figures['p99_ms']:.1f} ms "
            f"(first {figures['first_ms']:.0f} ms, asked again {figures['again_p50_ms']:.1f} ms)")  # fmt: skip


def reports_at_once(settings: Settings, folder: Path) -> dict[str, Any]:
    """200 CostReports of the seven days applied at once: until all are Ready, and the API server's count of writes."""
    window = ",".join(datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in (START, END))
    options = ("--store", str(settings.store), "--cluster", CLUSTER, "--backfill-days", "1")
    with ControlPlane(folder / "control-plane", ensure(PROGRAMS)) as control_plane:
        made = many_reports(control_plane, folder, window, options, settings.prometheus)
    print(f"200 reports of 7 days    {made}", flush=True)
    return asdict(made)


def bare_scan(settings: Settings) -> float:
    """Median time of DuckDB alone summing the cost of the same files by namespace. [ms]"""
    import duckdb

    files = [str(path) for path in settings.store.glob("allocation/grain=day/*/*/*.parquet")]
    connection = duckdb.connect()
    query = "select namespace, sum(cpu_cost + ram_cost + gpu_cost) from read_parquet(?) group by all"
    return statistics.median(timed(lambda: connection.execute(query, [files]).fetchall()) * 1000 for _ in range(50))


def _fields(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__slots__}


if __name__ == "__main__":
    main()
    print(f"peak memory of this run  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6:.0f} MB")
