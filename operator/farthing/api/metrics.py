"""``/metrics`` in Prometheus' text format: how the server does, and what the newest hour cost."""

import logging
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from time import perf_counter
from typing import Final

from fastapi import APIRouter, Request
from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from farthing.api.asking import Asking
from farthing.api.cost_families import families
from farthing.api.recent import RecentBodies
from farthing.errors import FarthingError, ScopeDeniedError
from farthing.services.asking import AskService
from farthing.services.authorizing import CLUSTER_COSTS
from farthing.services.newest_costs import newest_costs
from farthing.settings import MOST_SERIES

log = logging.getLogger("farthing.api")

NO_ROUTE: Final = "none"
"""The route of what is not served: what was asked for instead has no bound."""
BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.08, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Of the buckets of latencies. [s]"""


class Metrics:
    """What a server with ``asking`` tells of itself, and of the costs of the newest hour ``most_series`` of each metric."""

    def __init__(self, asking: Asking, version: str, most_series: int = MOST_SERIES) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # the only one of the library's
        self.registry = CollectorRegistry()
        for one in (ProcessCollector, PlatformCollector, GCCollector):
            one(registry=self.registry)
        self.registry.register(_Served(asking.bodies, version))
        self.requests = Histogram(
            "farthing_http_request_duration_seconds",
            "How long answers took, by the template of their route.",
            ["route", "code"],
            registry=self.registry,
            buckets=BOUNDS,
        )
        self._costs = _Costs(asking.service, version, most_series)

    def text(self) -> bytes:
        """All of it, as of now."""
        return generate_latest(self.registry) + self._costs.text()


def metrics_routes(asking: Asking, metrics: Metrics) -> APIRouter:
    """The route of ``metrics``, for who may see the whole cluster."""
    router = APIRouter(tags=["Metrics"])

    @router.get(
        "/metrics",
        summary="The server's health, and costs under the names of OpenCost's exporter, for Prometheus",
        response_class=Response,
        responses={
            "200": {
                "description": "Prometheus' text format.",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            },
            "403": {
                "description": "Who asks may see only a part of the cluster.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    )
    def scraped(request: Request) -> Response:
        if not asking.scope_of(request).everywhere:
            raise ScopeDeniedError(
                "/metrics tells of the whole cluster, and you may see only a part of it: scrape it as somebody who may get "
                f"{CLUSTER_COSTS}.farthing.dev"
            )
        headers = {"Content-Type": CONTENT_TYPE_PLAIN_0_0_4, "Cache-Control": "no-store"}
        return Response(metrics.text(), headers=headers)

    return router


@dataclass(frozen=True, slots=True)
class Measured:
    """``app`` with how long its answers took in ``requests``, which has the labels route and code."""

    app: ASGIApp
    requests: Histogram

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and measure until the last byte is sent."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, code = perf_counter(), 500

        async def sent(message: Message) -> None:
            nonlocal code
            code = message.get("status", code)
            await send(message)

        try:
            await self.app(scope, receive, sent)
        finally:
            route = getattr(scope.get("route"), "path", NO_ROUTE)
            self.requests.labels(route, code).observe(perf_counter() - began)


@dataclass(slots=True, eq=False)
class _Served(Collector):
    """Counts that are kept elsewhere."""

    bodies: RecentBodies
    version: str

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("farthing_build_info", "Which Farthing this is.", labels=["version"])
        build.add_metric([self.version], 1)
        yield build
        answers = CounterMetricFamily(
            "farthing_answers",
            "Questions that were computed, and that were answered by a body kept from before.",
            labels=["from"],
        )
        answers.add_metric(["computed"], self.bodies.made)
        answers.add_metric(["kept"], self.bodies.resent)
        yield answers


@dataclass(slots=True)
class _Costs:
    """The text of the metrics of costs, made once for each version of the store."""

    service: AskService
    version: str
    most_series: int
    _text: bytes = b""
    _made_of: Hashable = None
    _was_readable: bool = True
    """At the latest scrape."""
    _lock: Lock = field(default_factory=Lock)

    def text(self) -> bytes:
        # Who comes while it is made waits for it.
        with self._lock:
            try:
                now = self.service.version()
                if not self._text or now != self._made_of:
                    newest = newest_costs(self.service.answerer, self.most_series)
                    self._text, self._made_of = _text([_readable(1), *families(newest, self.version)]), now
            except FarthingError as error:
                if self._was_readable:
                    log.warning("the store cannot be read for the metrics of costs: %s", error)
                self._was_readable = False
                # Who asks for costs is told why; the server's own health is told all the same.
                return _text([_readable(0)])
            if not self._was_readable:
                log.warning("the store can be read for the metrics of costs again")
            self._was_readable = True
            return self._text


def _readable(value: int) -> Metric:
    return GaugeMetricFamily(
        "farthing_store_readable", "Whether the store could be read for the metrics of costs.", value
    )


@dataclass(slots=True, eq=False)
class _Fixed(Collector):
    metrics: Iterable[Metric]

    def collect(self) -> Iterable[Metric]:
        return self.metrics


def _text(metrics: Iterable[Metric]) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Fixed(metrics))
    return generate_latest(registry)
