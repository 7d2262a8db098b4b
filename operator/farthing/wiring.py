"""The one place that gives adapters to use cases."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from farthing.errors import InvalidInputError
from farthing.prometheus.client import Prometheus
from farthing.prometheus.connection import Connection
from farthing.prometheus.source import CatalogueSource, Fetcher
from farthing.services.answer import Answerer
from farthing.services.asking import AskService
from farthing.services.collect import Collector
from farthing.services.collection import CollectService
from farthing.services.gather import silent
from farthing.services.ports import NewWorkbench
from farthing.services.price_books import PriceBookService
from farthing.services.reports import ReportService
from farthing.services.scope import ReportScopes
from farthing.settings import OperatorSettings, Settings
from farthing.store.bills import Bills
from farthing.store.days import Store
from farthing.store.reading import Reader
from farthing.store.repricing import reprice
from farthing.store.workbench import Workbench


def connection(settings: Settings) -> Connection:
    """How to reach Prometheus, secrets read from their files. Raises InvalidInputError."""
    return Connection(
        url=settings.prometheus,
        bearer_token=_secret(settings.bearer_token_file),
        username=settings.username,
        password=_secret(settings.password_file),
        headers=settings.headers,
        ca_file=settings.ca_file,
        insecure=settings.insecure,
        cluster_label=settings.cluster_label,
        cluster=settings.cluster,
        read_timeout=settings.timeout,
    )


def _secret(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"the secret file {str(path)!r} cannot be read: is it a readable text file?") from error


@contextmanager
def prometheus(settings: Settings) -> Iterator[Prometheus]:
    """A connection to Prometheus, closed at the end."""
    client = Prometheus(connection(settings))
    try:
        yield client
    finally:
        client.close()


def bills(settings: Settings) -> Bills:
    """The bills in the store of ``settings``."""
    return Bills(settings.store, settings.timezone)


def _workbench(books: PriceBookService) -> NewWorkbench:
    """Makes facts at the prices that apply by then."""
    return lambda chunk, cluster: Workbench(chunk, cluster, books.current)


def price_books(settings: Settings) -> PriceBookService:
    """The prices of the files of ``settings``."""
    return PriceBookService(settings.prices, settings.currency)


def collector(settings: Settings, fetcher: Fetcher, books: PriceBookService | None = None) -> Collector:
    """Fills the store of ``settings`` from ``fetcher``, at the prices of ``books`` or of ``settings``."""
    store = Store(settings.store, settings.timezone)
    return Collector(
        CatalogueSource(fetcher), store, _workbench(books or price_books(settings)), settings.cluster, settings.zone
    )


def answerer(settings: Settings, fetcher: Fetcher | None, books: PriceBookService | None = None) -> Answerer:
    """Answers from the store of ``settings``, and from ``fetcher`` what falls between hours."""
    source = CatalogueSource(fetcher) if fetcher is not None else None
    store = Store(settings.store, settings.timezone)
    return Answerer(
        source,
        store,
        Reader(),
        _workbench(books or price_books(settings)),
        settings.cluster,
        settings.zone,
        bills(settings),
    )


def report_service(settings: Settings, fetcher: Fetcher | None) -> ReportService:
    """Computes reports for who runs the process, wherever they say they are."""
    return ReportService(
        answerer(settings, fetcher), ReportScopes(everywhere=True), settings.currency, settings.aliases
    )


def ask_service(settings: Settings, fetcher: Fetcher | None, clock: Callable[[], float]) -> AskService:
    """Answers questions that are nobody's report; ``clock`` tells the time of those. [unix s]"""
    store, kept = Store(settings.store, settings.timezone), bills(settings)
    return AskService(
        answerer(settings, fetcher),
        clock,
        settings.currency,
        settings.aliases,
        lambda: (store.version(settings.cluster), kept.version(), _age(clock())),
    )


def asking(reports: ReportService) -> AskService:
    """Answers questions that are nobody's report over what the operator answers its reports from."""
    version = lambda: (reports.version(), _age(time.time()))  # noqa: E731 - as the fields of the service are
    return AskService(reports.answerer, time.time, reports.currency, reports.aliases, version)


def _age(now: float) -> int:
    """Another number every ten minutes: what passed since an answer was made may be missing in the store."""
    return int(now) // 600


def _repriced(settings: Settings, books: PriceBookService) -> int:
    """Give stored days the costs they have at the prices of ``books``, if these are whole; how many changed. Raises StoreError."""
    if not books.whole:
        return 0
    return reprice(Store(settings.store, settings.timezone), settings.cluster, "", books.current, silent)[0]


def operator_services(
    settings: Settings, operator: OperatorSettings, fetcher: Fetcher
) -> tuple[ReportService, CollectService, PriceBookService]:
    """What the operator runs."""
    books, kept = price_books(settings), bills(settings)
    collect = CollectService(
        collector(settings, fetcher, books),
        time.time,
        operator.backfill_days,
        operator.keep_hours_days,
        operator.keep_days,
        lambda: _repriced(settings, books),
    )
    reports = ReportService(
        answerer(settings, fetcher, books),
        ReportScopes(operator.cluster_scope_namespaces | {operator.namespace}),
        settings.currency,
        settings.aliases,
        version=lambda: (collect.version, kept.version()),
        trouble=lambda: collect.trouble,
    )
    return reports, collect, books
