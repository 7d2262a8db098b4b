"""kopf's part: its settings, how it logs in, and its handlers, which pass events on to the scheduler."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import kopf

from farthing.errors import KubernetesError
from farthing.handlers.books import Books
from farthing.handlers.scheduler import Scheduler
from farthing.kube.access import authorization, configuration
from farthing.kube.publisher import MANAGED_BY
from farthing.resources import GROUP, VERSION
from farthing.resources.asset_report import AssetReport
from farthing.resources.cost_report import CostReport
from farthing.resources.price_book import PriceBook

LONGEST_PAUSE: Final = 30.0


class Pauses:
    """Pauses between requests that fail, for ever: a watch that gives up would end the operator. [s]"""

    def __iter__(self) -> Iterator[float]:
        pause = 0.5
        while True:
            yield pause * random.uniform(0.5, 1)  # noqa: S311 - no secret
            pause = min(2 * pause, LONGEST_PAUSE)


def settings() -> kopf.OperatorSettings:
    """How kopf is to watch, and what it is not to do."""
    chosen = kopf.OperatorSettings()
    # The kinds are known; looking for others would need rights to list CRDs and namespaces.
    chosen.scanning.disabled = True
    chosen.peering.standalone = True
    chosen.posting.enabled = False
    chosen.watching.server_timeout = 600
    chosen.watching.client_timeout = 660
    chosen.watching.connect_timeout = 10
    chosen.watching.inactivity_timeout = 70
    # ConfigMaps of up to 768 KiB are listed whole.
    chosen.watching.chunk_size = 50
    chosen.watching.label_selectors["configmaps"] = ",".join(f"{name}={value}" for name, value in MANAGED_BY.items())
    chosen.networking.request_timeout = 30
    chosen.networking.connect_timeout = 10
    chosen.networking.error_backoffs = Pauses()
    chosen.networking.enforce_retry_after = True
    # Not limited: a worker of an object waits for more before it makes room, so that 200 objects would take turns.
    chosen.queueing.worker_limit = None
    chosen.queueing.idle_timeout = 1.0
    chosen.queueing.exit_timeout = 1.0
    chosen.process.ultimate_exiting_timeout = 25
    return chosen


def registry(scheduler: Scheduler, books: Books, kubeconfig: Path | None, stop: asyncio.Event) -> kopf.OperatorRegistry:
    """The handlers. Only events, no timers, daemons or handlers of deletions: those would add finalizers.

    ``stop`` is set once kopf stops, whatever made it.
    """
    handlers = kopf.OperatorRegistry()

    @kopf.on.login(registry=handlers)
    def login(**_: Any) -> kopf.ConnectionInfo:
        return connection(kubeconfig)

    @kopf.on.event(GROUP, VERSION, CostReport.PLURAL, registry=handlers)
    @kopf.on.event(GROUP, VERSION, AssetReport.PLURAL, registry=handlers)
    async def report(event: kopf.RawEvent, **_: Any) -> None:
        if event["type"] == "DELETED":
            scheduler.forget(event["object"]["metadata"]["uid"])
        else:
            scheduler.saw(event["object"], listed=event["type"] is None)

    if books.allowed:

        @kopf.on.event(GROUP, VERSION, PriceBook.PLURAL, registry=handlers)
        async def price_book(**_: Any) -> None:
            books.stir()

    @kopf.on.event("v1", "configmaps", labels=MANAGED_BY, registry=handlers)
    async def config_map(event: kopf.RawEvent, **_: Any) -> None:
        scheduler.saw_config_map(event["object"], deleted=event["type"] == "DELETED")

    @kopf.on.cleanup(registry=handlers)
    async def stopping(**_: Any) -> None:
        # kopf waits some seconds for whatever waits for its stop flag when it was stopped by a signal.
        stop.set()

    return handlers


def connection(kubeconfig: Path | None) -> kopf.ConnectionInfo:
    """The same way to the API as ``kube.client`` goes, read anew. Raises kopf.LoginError."""
    try:
        found = configuration(kubeconfig)
    except KubernetesError as error:
        raise kopf.LoginError(str(error)) from error
    scheme, _, token = (authorization(found) or "").partition(" ")
    return kopf.ConnectionInfo(
        server=found.host,
        ca_path=found.ssl_ca_cert,
        insecure=not found.verify_ssl,
        scheme=scheme or None,
        token=token or None,
        certificate_path=found.cert_file,
        private_key_path=found.key_file,
    )
