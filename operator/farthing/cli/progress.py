"""A progress bar on stderr, for people only: nothing is drawn where no terminal looks."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from farthing.services.ports import Progress


@contextmanager
def bar(title: str) -> Iterator[Progress]:
    """A bar that is told what is being done, how many parts of it are done, and of how many."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(file=sys.stderr)
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as drawn:
        task = drawn.add_task(title, total=None)

        def progress(what: str, done: int, of: int) -> None:
            drawn.update(task, description=f"{title} {what}", completed=done, total=of)

        yield progress
