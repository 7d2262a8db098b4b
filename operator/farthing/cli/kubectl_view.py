"""Reports as ``kubectl get`` and ``kubectl describe`` show them, from the columns of the CRDs themselves."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import click

from farthing.cli.show import print_columns
from farthing.resources import API_VERSION
from farthing.resources.crd import crd
from farthing.resources.parsing import Report
from farthing.resources.status import status_object

CONDITION = re.compile(r"\.status\.conditions\[\?\(@\.type==['\"](\w+)['\"]\)\]\.(\w+)")
UNSET = "<none>"


def print_table(reports: Sequence[Report], *, wide: bool, now: datetime | None = None) -> None:
    """Print ``reports`` kind by kind, as ``kubectl get -A`` (``-o wide``) does."""
    for kind, group in groupby(sorted(reports, key=lambda one: one.KIND, reverse=True), key=lambda one: one.KIND):
        found = list(group)
        columns = crd(type(found[0]))["spec"]["versions"][0]["additionalPrinterColumns"]
        shown = [one for one in columns if (wide or not one.get("priority")) and one["name"].upper() != "AGE"]
        rows = [
            [
                report.metadata.namespace or "default",
                f"{kind.lower()}.farthing.dev/{report.metadata.name}",
                *(_cell(_body(report), column, now) for column in shown),
            ]
            for report in found
        ]
        print_columns(["NAMESPACE", "NAME", *(one["name"].upper() for one in shown)], rows)
        click.echo()


def print_description(report: Report) -> None:
    """Print ``report`` as ``kubectl describe`` does."""
    for line in _described(_body(report), 0):
        click.echo(line)


def _body(report: Report) -> dict[str, Any]:
    dumped = report.model_dump(mode="json", by_alias=True, exclude_none=True, include={"metadata", "spec"})
    metadata = {name: dumped["metadata"][name] for name in ("name", "namespace") if dumped["metadata"].get(name)}
    return {
        **metadata,
        "apiVersion": API_VERSION,
        "kind": report.KIND,
        "spec": dumped["spec"],
        "status": status_object(report.status),
    }


def _cell(body: dict[str, Any], column: dict[str, Any], now: datetime | None) -> str:
    path: str = column["jsonPath"]
    condition = CONDITION.fullmatch(path)
    if condition:
        found = [one for one in body["status"].get("conditions", []) if one["type"] == condition[1]]
        value = found[0].get(condition[2], "") if found else ""
    else:
        value = body
        for name in path.strip(".").split("."):
            value = value.get(name, {}) if isinstance(value, dict) else {}
    if value == {}:
        return UNSET
    return _ago(str(value), now) if column["type"] == "date" and now is not None else str(value)


def _ago(instant: str, now: datetime) -> str:
    seconds = max(0, int((now - datetime.fromisoformat(instant)).total_seconds()))
    return f"{seconds}s" if seconds < 120 else f"{seconds // 60}m"  # noqa: PLR2004 - as kubectl does


def _described(value: dict[str, Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    width = max((len(_title(name)) for name in value), default=0) + 1
    for name, one in value.items():
        title = f"{indent}{_title(name)}:"
        if isinstance(one, dict):
            yield title
            yield from _described(one, depth + 1)
        elif isinstance(one, list):
            yield title
            for item in one:
                yield from _described(item, depth + 1) if isinstance(item, dict) else (f"{indent}  {item}",)
        else:
            yield f"{title.ljust(len(indent) + width + 1)} {one}"


def _title(name: str) -> str:
    """``lastRunTime`` as ``Last Run Time``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name[:1].upper() + name[1:])
