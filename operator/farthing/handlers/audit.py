"""Compares what the scheduler knows with what the API has, every minute.

kopf tells of no deletion that happened while its watch was broken, and a watch may end without a word (its issue 1276).
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from farthing.errors import KubernetesError
from farthing.handlers.known import PLURALS, Known
from farthing.handlers.scheduler import Scheduler
from farthing.kube.client import Client
from farthing.kube.publisher import MANAGED_BY
from farthing.resources import API_VERSION

BETWEEN_AUDITS: Final = 60.0

log = logging.getLogger("farthing.audit")


class Audit:
    """Forgets what is gone and has lost ConfigMaps made anew; ``deaf`` once events are seen to be missing."""

    def __init__(self, scheduler: Scheduler, client: Client, namespaces: Sequence[str]) -> None:
        self.deaf = False
        """Whether a report was there for a whole round and the watch did not tell."""
        self._scheduler = scheduler
        self._client = client
        self._places: Sequence[str | None] = namespaces or (None,)
        self._unheard: set[tuple[str, int]] = set()
        self._vanished: set[str] = set()

    async def run(self) -> None:
        """Audit for ever."""
        while True:
            await asyncio.sleep(BETWEEN_AUDITS)
            await self.once()

    async def once(self) -> None:
        """Audit once; an API that does not answer now is asked again the next time."""
        try:
            reports, config_maps = await asyncio.to_thread(self._look)
        except KubernetesError as error:
            log.debug("%s", error)
            return
        known = {one.ref.uid: one for one in self._scheduler}
        there = {one["uid"]: one for one in reports if not one.get("deletionTimestamp")}
        unheard = {
            (uid, one["generation"])
            for uid, one in there.items()
            if uid not in known or known[uid].generation < one["generation"]
        }
        vanished = known.keys() - there.keys()
        # What is seen once may be an event on its way.
        self.deaf = bool(unheard & self._unheard)
        for uid in vanished & self._vanished:
            self._scheduler.forget(uid)
        self._unheard, self._vanished = unheard, set(vanished)
        names = {(one["namespace"], one["name"]) for one in config_maps}
        for one in known.values():
            if _lost(one, names):
                self._scheduler.lost_config_maps(one)

    def _look(self) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        reports: list[Mapping[str, Any]] = []
        config_maps: list[Mapping[str, Any]] = []
        for place in self._places:
            for plural in PLURALS.values():
                reports += self._client.heads(API_VERSION, plural, place)
            config_maps += self._client.config_map_heads(place, MANAGED_BY)
        return reports, config_maps


def _lost(known: Known, names: set[tuple[str, str]]) -> bool:
    published = {(known.ref.namespace, one.name) for one in known.subject.status.config_maps}
    return not published <= names
