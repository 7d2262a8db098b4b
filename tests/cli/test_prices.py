"""Price books on the command line: what a file holds, what it does to costs, and why a node has its rate."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from farthing import wiring
from farthing.cli.price_files import load_prices
from farthing.model.window import Window
from farthing.store.days import Store
from farthing.store.engine import connect, parquet, run
from tests.support.command import Farthing
from tests.support.demo_store import DemoStore

pytestmark = pytest.mark.slow

HEAD = "apiVersion: farthing.dev/v1alpha1\nkind: PriceBook\nmetadata: {name: list}\nspec:\n"
BOOK = f"""{HEAD}  validFrom: 2020-01-01
  rules:
  - {{name: all, node: {{cpuCoreHourly: 1, ramGiBHourly: 0, gpuHourly: 0}}}}
  - {{name: spot, select: {{spot: true}}, discount: 0.5}}
  management: {{hourly: 2}}
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    file = tmp_path / "prices.yaml"
    file.write_text(BOOK)
    return file


def a_node(path: Path, timezone: str) -> str:
    """The name of an on-demand node of the store."""
    store = Store(path, timezone)
    files = store.files(store.manifests("demo")[-1], "day") or {}
    with connect(threads=1) as engine:
        select = f"select name from {parquet([files['asset']])} where type = 'Node' and not spot order by name limit 1"  # noqa: S608
        ((name,),) = run(engine, select)
    return str(name)


def test_a_file_that_can_be_used_is_told_to_be_good(farthing: Farthing, book: Path) -> None:
    done = farthing("prices", "check", str(book))
    assert (done.code, done.out) == (0, "1 price books, 2 rules and 1 other rates: they can be used together\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(
            HEAD + "  rules: [{name: a, node: {gpuHourly: -1}}]", "spec.rules.0.node.gpuHourly is '-1'", id="negative"
        ),
        pytest.param(
            HEAD + "  rules: [{name: a, select: {region: b}}]",
            "spec.rules.0.select.region is not a field",
            id="unknown",
        ),
        pytest.param(
            HEAD + "  rules: [{name: a, discount: 0.1}, {name: b, discount: 0.2}]",
            "the rules 'list/a' and 'list/b' may fit the same node",
            id="overlap",
        ),
        pytest.param(HEAD + "  currency: EUR\n---\n" + BOOK, "two price books named 'list'", id="twice"),
        pytest.param("- 1\n- 2\n", "holds something that is no price book", id="a list"),
        pytest.param("", "holds something that is no price book", id="empty"),
        pytest.param("a: [", "this is not YAML", id="no YAML"),
        pytest.param(
            "kind: CostReport\napiVersion: farthing.dev/v1alpha1", "is no price book: use farthing.dev", id="report"
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name_and_with_a_sentence(
    farthing: Farthing, tmp_path: Path, text: str, sentence: str
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    done = farthing("prices", "check", str(file))
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err
    assert done.err.count("\n") == 1


def test_books_that_kubectl_lists_are_read(farthing: Farthing, tmp_path: Path) -> None:
    file = tmp_path / "listed.yaml"
    items = "".join(f"- {line}\n" if line.startswith("apiVersion") else f"  {line}\n" for line in BOOK.splitlines())
    file.write_text(f"apiVersion: v1\nkind: List\nmetadata: {{resourceVersion: ''}}\nitems:\n{items}")
    done = farthing("prices", "check", str(file))
    assert (done.code, done.out) == (0, "1 price books, 2 rules and 1 other rates: they can be used together\n")


def test_prices_in_another_currency_are_refused_before_anything_is_asked(farthing: Farthing, book: Path) -> None:
    done = farthing("allocation", "--prices", str(book), "--currency", "EUR")
    assert done.code == 2
    assert "the price book 'list' is in USD, and costs are told in EUR" in done.err


def test_a_nodes_rate_is_explained_rule_by_rule(farthing: Farthing, demo: DemoStore, book: Path) -> None:
    done = farthing(
        "prices", "explain", a_node(demo.path, demo.timezone), "--prices", str(book), "-o", "json", *demo.flags
    )
    (told,) = json.loads(done.out)
    assert {one["rule"]: (one["applies"], one["why"]) for one in told["rules"]} == {
        "list/spot": (False, "it is for spot nodes"),
        "list/all": (True, "it is the most specific that fits"),
    }
    assert told["rateSource"] == "metrics"
    assert set(told["rates"]) >= {"cpu", "ram"}
    shown = farthing("prices", "explain", told["node"], "--prices", str(book), *demo.flags)
    assert shown.code == 0
    assert "Rate from: metrics" in shown.out
    assert "were made with other prices than --prices says: 'farthing store reprice'" in shown.out


def test_hours_that_are_collected_with_prices_have_their_rates(
    farthing: Farthing, demo: DemoStore, book: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    settings = replace(demo.settings, store=store, prices=load_prices([book], "USD"))
    start = demo.window.start
    wiring.collector(settings, demo.source).collect(Window(start, start + timedelta(hours=1)))
    (manifest,) = Store(store, demo.timezone).manifests("demo")
    assert {one.prices for one in manifest.coverage} == {settings.prices.identity_at(int(start.timestamp()))}
    flags = ("--store", str(store), *demo.flags[2:], "--prices", str(book))
    done = farthing("prices", "explain", a_node(store, demo.timezone), "-o", "json", *flags)
    (told,) = json.loads(done.out)
    assert told["rateSource"] == "list/all"
    assert told["rates"] == {"cpu": pytest.approx(1.0), "ram": 0.0}
    same = farthing("prices", "explain", told["node"], *flags)
    assert "other prices" not in same.out
    book.write_text(BOOK.replace("2020", "2019"))
    since = farthing("prices", "explain", told["node"], *flags)
    assert "other prices" not in since.out
    book.write_text(BOOK.replace("cpuCoreHourly: 1,", "cpuCoreHourly: 2,"))
    dearer = farthing("prices", "explain", told["node"], *flags)
    assert f"The facts of {told['node']} were made with other prices than --prices says" in dearer.out


def test_a_node_that_nothing_is_stored_of_is_told_so(farthing: Farthing, demo: DemoStore) -> None:
    done = farthing("prices", "explain", "nosuch", *demo.flags)
    assert done.code == 3
    assert "nothing is stored of a node 'nosuch' of cluster 'demo'" in done.err
    done = farthing("prices", "explain", "nosuch", "--at", "soon", *demo.flags)
    assert done.code == 2


@pytest.mark.parametrize(
    ("date", "code", "sentence"),
    [
        ("2026-11-01", 3, "nothing is stored of cluster 'nosuch' from 2026-11-01 on"),
        ("November", 2, "--from 'November' is no date: write it as 2026-11-01"),
    ],
)
def test_repricing_what_is_not_there_says_so(
    farthing: Farthing, tmp_path: Path, date: str, code: int, sentence: str
) -> None:
    done = farthing("store", "reprice", "--from", date, "--store", str(tmp_path / "store"), "--cluster", "nosuch")
    assert (done.code, done.out) == (code, "")
    assert sentence in done.err


def test_days_of_a_store_are_repriced_once(farthing: Farthing, demo: DemoStore, book: Path, tmp_path: Path) -> None:
    store = Path(shutil.copytree(demo.path, tmp_path / "store"))
    flags = ("--store", str(store), *demo.flags[2:], "--prices", str(book), "--from", "2020-01-01")
    days = len(Store(store, demo.timezone).manifests("demo"))
    done = farthing("store", "reprice", *flags)
    assert done.out == f"{days} of {days} days have other costs than before; the others had these prices already\n"
    assert farthing("store", "reprice", *flags).out.startswith(f"0 of {days} days")
