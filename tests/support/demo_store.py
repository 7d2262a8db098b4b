"""A store with the demo's cluster in it, filled once: from midnight the day before yesterday to this minute."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path

from farthing import wiring
from farthing.demo.scenario import demo_cluster
from farthing.demo.source import DemoSource
from farthing.model.question import Question, Shape
from farthing.model.window import Window, day_of, parse_window
from farthing.model.zone import parse_timezone
from farthing.services.answer import Answerer
from farthing.services.question import cut
from farthing.settings import Settings

CLUSTER = "demo"


@dataclass(frozen=True)
class DemoStore:
    """Where it is, whose clock its days follow, and the source it was filled from."""

    path: Path
    timezone: str
    source: DemoSource

    @property
    def zone(self) -> tzinfo:
        return parse_timezone(self.timezone)

    @property
    def now(self) -> int:
        """Until when it is filled. [unix s]"""
        return int(self.source.now())

    @property
    def window(self) -> Window:
        """What it holds, up to the end of the day."""
        today = day_of(datetime.fromtimestamp(self.now, UTC), self.zone)
        return Window(today.start - timedelta(days=2), today.end)

    @property
    def settings(self) -> Settings:
        return Settings(store=self.path, cluster=CLUSTER, zone=self.zone, timezone=self.timezone)

    @property
    def flags(self) -> list[str]:
        """The same for a command line."""
        return ["--store", str(self.path), "--cluster", CLUSTER, f"--timezone={self.timezone}"]

    def answerer(self, *, with_source: bool = True) -> Answerer:
        return wiring.answerer(self.settings, self.source if with_source else None)

    def question(self, shape: Shape, window: str, step: str = "", accumulate: str = "true", limit: int = 0) -> Question:
        asked = parse_window(window, datetime.fromtimestamp(self.now, UTC), self.zone)
        return Question(shape, asked, cut(asked, step, accumulate, self.zone), limit)


@cache
def demo_store(folder: Path) -> DemoStore:
    """The store, in ``folder``; in a timezone where it is about one o'clock, so that no test sees a midnight."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    minutes = (12 - now.hour) * 60 + 30
    timezone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    today = day_of(now, parse_timezone(timezone))
    start = int((today.start - timedelta(days=2)).timestamp())
    made = DemoStore(folder / "demo-store", timezone, DemoSource(demo_cluster(start, int(now.timestamp()))))
    wiring.collector(made.settings, made.source).collect(made.window)
    return made
