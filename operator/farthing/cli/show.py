"""Answers on a terminal: columns as kubectl aligns them."""

from collections.abc import Sequence

import click

from farthing.exports.formats import FORMATS
from farthing.exports.rows import public_name, public_rows
from farthing.model.answer import Answer
from farthing.model.tables import RESOURCES, TRAFFIC
from farthing.model.window import rfc3339
from farthing.resources.text import money_text, percent_text

OF_WORKLOADS = {
    "PV": ("pv_cost",),
    "NETWORK": tuple(f"network_{kind}_cost" for kind in TRAFFIC),
    "LB": ("lb_cost",),
    "SHARED": ("shared_cost",),
    "EXTERNAL": ("external_cost",),
}
OF_ASSETS = {
    "DISK": ("pv_cost", "local_cost"), "NETWORK": ("network_cost",), "LB": ("lb_cost",), "MANAGEMENT": ("management_cost",),
    "CLOUD": ("cloud_cost",),
}  # fmt: skip
"""Headings of the costs that only some rows have, and the columns each adds up."""

GAP = 3
"""Spaces between two columns."""


def print_answer(answer: Answer, form: str, currency: str) -> None:
    """Print ``answer`` as a table, JSON or CSV."""
    if form != "table":
        click.echo(FORMATS[form](list(public_rows(answer))), nl=False)
        return
    many = len(answer.question.sets) > 1
    efficient = answer.question.shape.kind == "allocation"
    parts = _parts(answer)
    rows = []
    for row in answer.rows:
        costs = [money_text(sum(row[column] for column in columns)) for columns in parts.values()]
        start = [rfc3339(answer.question.sets[row["set"]][0].start)] if many else []
        efficiency = ["" if row["is_idle"] else f"{row['total_efficiency']:.1%}"] if efficient else []
        rows.append([*start, public_name(answer, row), *costs, money_text(row["total_cost"]), *efficiency])
    whole = answer.costs
    total = [money_text(sum(whole[column] for column in columns)) for columns in parts.values()]
    efficiency = [f"{answer.total_efficiency:.1%}"] if efficient else []
    rows.append([*([""] if many else []), "TOTAL", *total, money_text(answer.total_cost), *efficiency])
    header = [*(["START"] if many else []), "NAME", *parts, "TOTAL", *(["EFFICIENCY"] if efficient else [])]
    print_columns(header, rows, numbers_from=2 if many else 1)
    left = f", {answer.rows_total - len(answer.rows)} more rows" if answer.rows_total > len(answer.rows) else ""
    coverage = percent_text(min(1.0, answer.seen.share))
    billed = ", all at list price"
    if answer.billed_cost or answer.adjustment:
        listed = money_text(answer.total_cost - answer.billed_cost)
        billed = f", {listed} of it at list price, adjusted by bills by {money_text(answer.adjustment)}"
    click.echo(f"\n{answer.question.window} in {currency}, {coverage} of the scrapes seen{billed}{left}")


def _parts(answer: Answer) -> dict[str, tuple[str, ...]]:
    """The costs to show by their heading, each a sum of columns: cpu, memory, GPU, and of the others what there is."""
    whole = answer.costs
    of_kind = OF_ASSETS if answer.question.shape.kind == "asset" else OF_WORKLOADS
    others = {heading: columns for heading, columns in of_kind.items() if any(whole[column] for column in columns)}
    return {name.upper(): (f"{name}_cost",) for name in RESOURCES} | others


def print_columns(header: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int | None = None) -> None:
    """Print aligned columns; those from ``numbers_from`` on to the right."""
    # What others named must not reach the terminal as its commands.
    shown = [
        ["".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in cell) for cell in row]
        for row in rows
    ]
    table = [list(header), *shown]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    for row in table:
        cells = [
            cell.rjust(width) if numbers_from is not None and column >= numbers_from else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo((" " * GAP).join(cells).rstrip())
