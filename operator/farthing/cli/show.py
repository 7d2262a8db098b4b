"""Answers on a terminal: columns as kubectl aligns them."""

from collections.abc import Sequence

import click

from farthing.exports.formats import FORMATS
from farthing.exports.rows import public_rows
from farthing.model.answer import Answer
from farthing.model.tables import RESOURCES
from farthing.model.window import rfc3339
from farthing.resources.text import money_text, percent_text

GAP = 3
"""Spaces between two columns."""


def print_answer(answer: Answer, form: str, currency: str) -> None:
    """Print ``answer`` as a table, JSON or CSV."""
    if form != "table":
        click.echo(FORMATS[form](list(public_rows(answer))), nl=False)
        return
    many = len(answer.question.sets) > 1
    efficient = answer.question.shape.kind == "allocation"
    header = ["NAME", "CPU", "RAM", "GPU", "TOTAL", *(["EFFICIENCY"] if efficient else [])]
    rows = []
    for row in answer.rows:
        costs = [money_text(row[f"{name}_cost"]) for name in RESOURCES]
        start = [rfc3339(answer.question.sets[row["set"]][0].start)] if many else []
        efficiency = ["" if row["is_idle"] else f"{row['total_efficiency']:.1%}"] if efficient else []
        rows.append([*start, row["name"], *costs, money_text(row["total_cost"]), *efficiency])
    total = [money_text(answer.cost(name)) for name in RESOURCES]
    efficiency = [f"{answer.total_efficiency:.1%}"] if efficient else []
    rows.append([*([""] if many else []), "TOTAL", *total, money_text(answer.total_cost), *efficiency])
    print_columns([*(["START"] if many else []), *header], rows, numbers_from=2 if many else 1)
    left = f", {answer.rows_total - len(answer.rows)} more rows" if answer.rows_total > len(answer.rows) else ""
    coverage = percent_text(min(1.0, answer.seen.share))
    click.echo(f"\n{answer.question.window} in {currency}, {coverage} of the scrapes seen{left}")


def print_columns(header: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int | None = None) -> None:
    """Print aligned columns; those from ``numbers_from`` on to the right."""
    table = [list(header), *map(list, rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    for row in table:
        cells = [
            cell.rjust(width) if numbers_from is not None and column >= numbers_from else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo((" " * GAP).join(cells).rstrip())
