"""``farthing bills``."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import msgspec

from farthing import wiring
from farthing.cli.failure import FAILED
from farthing.cli.options import CONTEXT, common, form
from farthing.cli.progress import bar
from farthing.cli.show import print_columns
from farthing.errors import InvalidBillError, StoreError
from farthing.model.window import rfc3339
from farthing.resources.text import money_text
from farthing.settings import Settings
from farthing.store.bill import Bill
from farthing.store.bills import Bills
from farthing.store.focus import reading
from farthing.store.objects import copied, is_address

MOST_FILES = 10_000


@click.group("bills", context_settings=CONTEXT)
def command() -> None:
    """Bills of cloud providers: they correct what assets, and what runs on them, cost.

    Files are in the columns of FOCUS 1.0 to 1.2, which AWS, Azure, Google Cloud and Oracle export.
    """


@command.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE|PATTERN|ADDRESS...")
@form
@common
def import_bills(settings: Settings, files: tuple[str, ...], output: str) -> None:
    """Keep the bills in FILEs: CSV or Parquet, also gzip; a PATTERN such as 'exports/*.parquet' stands for several.

    An ADDRESS is of files in object storage: 's3://bucket/exports/2026-10/*.parquet', gs:// or az://. Credentials come from the
    environment, as for the provider's own tool: AWS_ACCESS_KEY_ID or a web identity, GOOGLE_APPLICATION_CREDENTIALS,
    AZURE_STORAGE_ACCOUNT_NAME and so on; AWS_ENDPOINT_URL names a server that speaks S3.

    Name all files of a bill at once: a bill that comes again takes the place of what was imported of that account and billing
    period before.
    """
    bills = wiring.bills(settings)
    with TemporaryDirectory(prefix="farthing-") as folder:
        paths = _paths(files, Path(folder))
        with bills.writing(), reading(paths, settings.currency, settings.zone) as found:
            kept = bills.keep(found, settings.currency, int(time.time()))
    _print(kept, output, lambda _: "good")


@command.command("list")
@form
@common
def list_bills(settings: Settings, output: str) -> None:
    """Each bill: its period, costs and credits, how often it was revised, and whether its file is what was imported.

    Days that end by SETTLED UNTIL cost what bills tell; of those after it charges may still come: import the bill again.
    """
    bills = wiring.bills(settings)
    kept = bills.all()
    states = {one.id: state_of(bills, one) for one in kept}
    _print(kept, output, lambda one: states[one.id])
    if any(state != "good" for state in states.values()):
        raise click.exceptions.Exit(FAILED)


@command.command("remove")
@click.argument("name", metavar="ID")
@common
def remove(settings: Settings, name: str) -> None:
    """Forget the bill of that ID, as 'farthing bills list' shows it."""
    bills = wiring.bills(settings)
    with bills.writing():
        gone = bills.remove(name)
    click.echo(f"bill {gone.id} of {money_text(gone.cost)} {gone.currency} is forgotten")


def state_of(bills: Bills, bill: Bill) -> str:
    """``good``, or what is wrong with the file of ``bill``."""
    try:
        bills.verified(bill)
    except StoreError as error:
        return str(error)
    return "good"


def _paths(named: Sequence[str], folder: Path) -> list[Path]:
    """The files that are meant, each once, those of object storage copied to ``folder``. Raises InvalidBillError, StoreError."""
    found: list[Path] = []
    with bar("copy") as progress:
        for one in named:
            before = len(found)
            if is_address(one):
                for path, count, of in copied(one, folder):
                    _few(of)
                    progress(path.name, count, of)
                    found.append(path)
            elif Path(one).is_file():
                found.append(Path(one))
            else:
                found += [Path(match) for match in sorted(glob(one, recursive=True)) if Path(match).is_file()]  # noqa: PTH207 - absolute patterns too
            if len(found) == before:
                raise InvalidBillError(f"no file is meant by {one!r}: name the files of a bill, or a pattern in quotes")
    # One file may be spelled in several ways; twice read it would count twice.
    unique = list({path.resolve(): path for path in found}.values())
    _few(len(unique))
    return unique


def _few(files: int) -> None:
    if files > MOST_FILES:
        raise InvalidBillError(f"{files} files are more than {MOST_FILES}: import fewer bills at a time")


def _print(bills: Sequence[Bill], output: str, state: Callable[[Bill], str]) -> None:
    if output == "json":
        listed: list[dict[str, Any]] = [_public(one, state(one)) for one in bills]
        click.echo(msgspec.json.format(msgspec.json.encode(listed), indent=2).decode())
        return
    rows = [
        [
            one.id, money_text(one.cost), money_text(one.list_cost), money_text(one.credit), one.currency, str(one.rows),
            str(one.revision), rfc3339(_utc(one.imported)), rfc3339(_utc(one.settled_until)), state(one),
        ]
        for one in bills
    ]  # fmt: skip
    print_columns(
        ["ID", "COST", "LIST COST", "CREDIT", "CURRENCY", "ROWS", "REVISION", "IMPORTED", "SETTLED UNTIL", "FILE"], rows
    )


def _public(bill: Bill, state: str) -> dict[str, Any]:
    return {
        "id": bill.id,
        "provider": bill.provider,
        "account": bill.account,
        "period": {"start": rfc3339(_utc(bill.start)), "end": rfc3339(_utc(bill.end))},
        "currency": bill.currency,
        "cost": bill.cost,
        "listCost": bill.list_cost,
        "credit": bill.credit,
        "rows": bill.rows,
        "revision": bill.revision,
        "imported": rfc3339(_utc(bill.imported)),
        "settledUntil": rfc3339(_utc(bill.settled_until)),
        "earlier": [rfc3339(_utc(one)) for one in bill.earlier],
        "file": state,
    }


def _utc(unix: int) -> datetime:
    return datetime.fromtimestamp(unix, UTC)
