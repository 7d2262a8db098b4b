"""Ad-hoc questions: flags are the fields of a report's spec, so they mean and refuse the same."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import click

from farthing import wiring
from farthing.cli.failure import INCOMPLETE
from farthing.cli.options import common, output
from farthing.cli.show import print_answer
from farthing.model.answer import Answer
from farthing.model.filters import Every, Filter
from farthing.prometheus.client import Prometheus
from farthing.resources import API_VERSION
from farthing.resources.parsing import parse_report
from farthing.services.question import question_of
from farthing.services.scope import EVERYTHING
from farthing.settings import Settings

Command = Callable[..., Any]

EVERY_ROW = Every()
"""Who runs the process may see all of the store."""

SHARED = [
    click.option("--window", default="7d", help="15m, 24h, 7d, today, lastmonth, START,END, 7d offset 2d."),
    click.option("--step", default="", help="Cut the window into sets, such as 1h or 1d."),
    click.option(
        "--accumulate",
        default=None,
        help="Join sets: true or all, false, hour, day, week, month, quarter. Default: true, of assets false.",
    ),
    click.option("--limit", default=0, help="Rows of each set at most; 0 is all."),
    click.option("--sort-order", type=click.Choice(["asc", "desc"]), default=None, help="Default: largest first."),
]


def question_options(orders: Sequence[str]) -> Callable[[Command], Command]:
    """Give a command the flags that both kinds of question have; its rows have ``orders``."""

    def flagged(command: Command) -> Command:
        by = click.option("--sort-by", default="totalCost", help=f"{', '.join(orders)}.")
        for option in reversed((*SHARED, by, output)):
            command = option(command)
        return common(command)

    return flagged


def ask(kind: str, settings: Settings, form: str, kept: Filter = EVERY_ROW, **spec: Any) -> None:
    """Answer a question and print it, of rows that ``kept`` keeps besides the spec's filter. Raises FarthingError."""
    flags = {_camel(name): value for name, value in spec.items() if value is not None}
    flags["aggregate"] = listed(spec["aggregate"])
    report = parse_report({"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": "question"}, "spec": flags})
    with fetcher(settings) as prometheus:
        answers = wiring.answerer(settings, prometheus)
        now = prometheus.now() if prometheus is not None else clock()
        question = question_of(report, now, settings.zone, EVERYTHING, settings.aliases)
        shape = replace(question.shape, kept=Every((question.shape.kept, kept)))
        answer = answers.answer(replace(question, shape=shape), int(now), detailed=form != "table")
    print_answer(answer, form, settings.currency)
    if not answer.seen.complete:
        raise click.exceptions.Exit(_incomplete(answer))


def listed(text: str) -> list[str]:
    """The values of a list written with commas."""
    return [one.strip() for one in text.split(",") if one.strip()]


def _incomplete(answer: Answer) -> int:
    seen = answer.seen
    why = f"no series of {', '.join(seen.missing)}" if seen.missing else f"{seen.share:.1%} of the scrapes were seen"
    if seen.rejected:
        why += f", {seen.rejected} samples were no number, negative or beyond any quantity"
    click.echo(f"farthing: the data of {answer.question.window} is incomplete: {why}; costs are too low", err=True)
    return INCOMPLETE


@contextmanager
def fetcher(settings: Settings) -> Iterator[Prometheus | None]:
    """Prometheus, where the settings name one."""
    if not settings.prometheus:
        yield None
        return
    with wiring.prometheus(settings) as prometheus:
        yield prometheus


def clock() -> float:
    """The time where no Prometheus tells it. [unix s]"""
    import time

    return time.time()


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
