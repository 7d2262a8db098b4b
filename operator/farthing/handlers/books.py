"""Keeps the prices that apply to what the PriceBooks of the cluster say, and their status to what applies."""

import asyncio
import logging
import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from farthing.errors import KubernetesError
from farthing.kube.client import Client, ObjectRef
from farthing.resources import API_VERSION
from farthing.resources.price_book import PriceBook
from farthing.services.price_books import Judged, PriceBookService

BETWEEN_LOOKS: Final = 60.0
"""A rule begins or ends, and no event tells so; and kopf may miss one. [s]"""

log = logging.getLogger("farthing.prices")


class Books:
    """Looks at all PriceBooks at once whenever one of them changes, and every minute; calls ``changed`` when prices did."""

    def __init__(
        self,
        prices: PriceBookService,
        client: Client,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._prices = prices
        self._client = client
        self._changed = changed
        self._clock = clock
        self._lock = Lock()
        self._wake = asyncio.Event()
        self.allowed = True
        """Whether we may see PriceBooks."""

    def stir(self) -> None:
        """A PriceBook is new, other or gone."""
        self._wake.set()

    async def run(self) -> None:
        """Look for ever; an API that does not answer now is asked again the next time."""
        while True:
            alarm = asyncio.get_running_loop().call_later(BETWEEN_LOOKS, self._wake.set)
            await self._wake.wait()
            alarm.cancel()
            self._wake.clear()
            try:
                await asyncio.to_thread(self.look)
            except KubernetesError as error:
                log.warning("%s", error)

    def look(self) -> None:
        """Take what the API has now. Blocking. Raises KubernetesError."""
        with self._lock:
            bodies = self._client.objects(API_VERSION, PriceBook.PLURAL)
            if bodies is None:
                if self.allowed:
                    log.warning("PriceBooks do not apply: there is no right to list them, see manifests/rbac.yaml")
                self.allowed = False
                return
            self.allowed = True
            there = [body for body in bodies if not body["metadata"].get("deletionTimestamp")]
            before = self._prices.current
            for one in self._prices.take(there, self._clock()):
                self._tell(one)
            if self._prices.current != before:
                log.info("prices changed: %d rules", len(self._prices.current.rules))
                self._changed()

    def _tell(self, judged: Judged) -> None:
        if judged.status == judged.stored:
            return
        ref = ObjectRef(API_VERSION, PriceBook.KIND, PriceBook.PLURAL, "", judged.metadata.name, judged.metadata.uid)
        status = judged.status.model_dump(mode="json", by_alias=True, exclude_none=True)
        try:
            self._client.write_status(ref, status)
        except KubernetesError as error:
            # The prices apply all the same; the next look writes it.
            log.warning("%s", error)
