"""The demo: the made-up cluster through the real pipeline, and the sample reports over it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml

from farthing import wiring
from farthing.demo.scenario import demo_cluster
from farthing.demo.source import DemoSource
from farthing.model.prices import NO_PRICES, Prices
from farthing.model.window import Window, parse_window
from farthing.resources.parsing import Report, parse_report
from farthing.services.ports import Progress
from farthing.settings import Settings

IN_PACKAGE = Path(__file__).with_name("samples")
IN_REPOSITORY = Path(__file__).parents[3] / "manifests" / "samples"


def play(  # noqa: PLR0913 - what a person chooses
    store: Path,
    now: datetime,
    days: int,
    reports: Sequence[Report] | None,
    progress: Progress,
    prices: Prices = NO_PRICES,
) -> list[Report]:
    """``reports``, or the samples, with the status they have at ``now`` in a cluster that began ``days`` days before.

    Its rates are those of ``prices`` first.
    """
    window = parse_window(f"{days}d", now, UTC)
    source = DemoSource(demo_cluster(int(window.start.timestamp()), int(now.timestamp())))
    settings = Settings(store=store, cluster="demo", prices=prices)
    wiring.collector(settings, source).collect(Window(window.start, window.end), progress=progress)
    service = wiring.report_service(settings, source)
    return [
        report.model_copy(update={"status": service.run(report, source.now()).status})
        for report in reports or samples()
    ]


def samples() -> list[Report]:
    """The sample reports that come with Farthing."""
    folder = IN_PACKAGE if IN_PACKAGE.exists() else IN_REPOSITORY
    found = sorted(folder.glob("*.yaml"))
    return [parse_report(body) for one in found for body in yaml.safe_load_all(one.read_text())]
