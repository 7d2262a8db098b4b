"""The server: one process, threads for questions."""

from importlib.metadata import version

import uvicorn

from farthing.api.app import create_app
from farthing.api.asking import Asking
from farthing.services.asking import AskService
from farthing.services.question import Scope
from farthing.settings import MOST_SERIES

EVERYTHING = Scope(frozenset(), everywhere=True)
CONNECTIONS = 200
"""At a time; who comes beyond is answered 503."""
IDLE_SECONDS = 30
"""After which a connection without a request is closed."""


def serve(
    service: AskService, address: tuple[str, int], cors_origins: tuple[str, ...] = (), most_series: int = MOST_SERIES
) -> None:
    """Answer until SIGINT or SIGTERM; ``/metrics`` has ``most_series`` of each metric of costs."""
    app = create_app(Asking(service, lambda _: EVERYTHING), version("farthing"), cors_origins, most_series)
    host, port = address
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=5,
    )
