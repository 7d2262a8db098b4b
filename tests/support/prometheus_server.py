"""A real Prometheus: tests write into it, or let it scrape."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from tests.support.servers import Server, answers, free_ports, log_tail


class PrometheusServer:
    """A Prometheus that takes remote writes at ``<url>/api/v1/write``, its data in ``folder``.

    ``out_of_order_window`` and ``query_timeout`` are Prometheus durations ("30m"); with "0s" samples of a series must
    come in order of time. It scrapes ``targets`` (HOST:PORT) every second and lets their labels stand.
    """

    def __init__(
        self,
        folder: Path,
        program: Path,
        *,
        out_of_order_window: str = "0s",
        max_samples: int = 50_000_000,
        query_timeout: str = "2m",
        targets: Sequence[str] = (),
    ) -> None:
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self._configuration = folder / "prometheus.yaml"
        self._out_of_order_window = out_of_order_window
        self._targets = list(targets)
        self._server = Server(
            [
                program,
                f"--config.file={self._configuration}",
                f"--storage.tsdb.path={folder / 'data'}",
                "--storage.tsdb.retention.time=10y",
                f"--web.listen-address=127.0.0.1:{port}",
                "--web.enable-remote-write-receiver",
                f"--query.max-samples={max_samples}",
                f"--query.timeout={query_timeout}",
            ],
            folder / "logs" / "prometheus.log",
        )

    def __enter__(self) -> Self:
        """Start; return when queries are answered."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop; the data stays in the folder."""
        self.stop()

    def start(self) -> None:
        """Start and return when ready; ServerError with the log's end when it does not become so."""
        self._configuration.parent.mkdir(parents=True, exist_ok=True)
        configuration: dict[str, Any] = {"storage": {"tsdb": {"out_of_order_time_window": self._out_of_order_window}}}
        if self._targets:
            every_second = {"scrape_interval": "1s", "scrape_timeout": "1s", "honor_labels": True}
            scraping = {"job_name": "opencost", **every_second, "static_configs": [{"targets": self._targets}]}
            configuration["scrape_configs"] = [scraping]
        self._configuration.write_text(json.dumps(configuration), encoding="utf-8")
        self._server.start_ready(lambda: answers(f"{self.url}/-/ready"))

    def stop(self) -> None:
        """Stop in order, so that a later `start` finds all data at the same address."""
        self._server.stop()

    def log_tails(self) -> str:
        """The last lines of the log."""
        return log_tail(self._server.log)
