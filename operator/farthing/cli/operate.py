"""``farthing operate``."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import click

from farthing import wiring
from farthing.cli.api_options import Access, access
from farthing.cli.options import address, common
from farthing.model.window import parse_duration
from farthing.services.reports import ReportService
from farthing.settings import OperatorSettings, Settings

REFRESH = "allowed are one number and one unit, such as 10m or 1h"


@click.command("operate")
@click.option("--namespace", envvar="FARTHING_NAMESPACE", default="farthing-system", metavar="NAME", show_envvar=True,
              help="Where the operator runs: reports in this namespace see the cluster.")  # fmt: skip
@click.option("--cluster-scope-namespaces", envvar="FARTHING_CLUSTER_SCOPE_NAMESPACES", default="", metavar="A,B",
              help="Further namespaces whose reports see the cluster; in any other they see only their own.")  # fmt: skip
@click.option("--watch-namespaces", envvar="FARTHING_WATCH_NAMESPACES", default="", metavar="A,B",
              help="Watch reports only in these. Default: everywhere.")  # fmt: skip
@click.option("--refresh-interval", envvar="FARTHING_REFRESH_INTERVAL", default="10m", metavar="DURATION",
              help="How often the newest hours are collected anew.")  # fmt: skip
@click.option("--backfill-days", envvar="FARTHING_BACKFILL_DAYS", default=7, type=click.IntRange(1, 3650),
              help="How many days back to look for what is missing at each start.")  # fmt: skip
@click.option("--keep-hours-days", envvar="FARTHING_KEEP_HOURS_DAYS", default=14, type=click.IntRange(2, 3650),
              help="How long facts are kept by the hour. [days]")  # fmt: skip
@click.option("--keep-days", envvar="FARTHING_KEEP_DAYS", default=120, type=click.IntRange(2, 3650),
              help="How long facts are kept by the day. [days]")  # fmt: skip
@click.option("--listen", envvar="FARTHING_LISTEN", default=":8080", metavar="HOST:PORT",
              help="Where /livez and /metrics are served; without HOST on every address, IPv4 and IPv6. An IPv6 HOST wants brackets.")  # fmt: skip
@click.option("--api", is_flag=True, envvar="FARTHING_API", help="Serve the HTTP APIs of Kubecost and OpenCost, too.")
@click.option("--api-listen", envvar="FARTHING_API_LISTEN", default=":9090", metavar="HOST:PORT", show_default=True,
              help="Where they are served.")  # fmt: skip
@click.option("--log-format", envvar="FARTHING_LOG_FORMAT", type=click.Choice(["json", "text"]), default="json",
              help="json for programs, one object a line; text for people.")  # fmt: skip
@click.option("--debug", is_flag=True, help="Log every event.")
@access("kubernetes")
@common
def command(
    settings: Settings, access: Access, listen: str, log_format: str, *, debug: bool, **values: str | int | None
) -> None:
    """The operator: watches CostReports and AssetReports, collects from Prometheus, writes status and ConfigMaps."""
    operator = _operator_settings(**values)
    at, api_at = address(listen), address(str(values["api_listen"]))
    if values["api"]:
        access.check(api_at[0], "--api-listen")
    from farthing.handlers.running import Operator, configure_logging, operate
    from farthing.kube.client import Client

    configure_logging(as_json=log_format == "json", debug=debug)
    with wiring.prometheus(settings) as prometheus:
        reports, collect, prices = wiring.operator_services(settings, operator, prometheus)
        running = Operator(
            reports,
            collect,
            Client(access.kubeconfig),
            access.kubeconfig,
            _names(str(values["watch_namespaces"])),
            operator.refresh_seconds,
            at,
            prices,
        )
        with _api(reports, access, api_at) if values["api"] else nullcontext():
            ended = asyncio.run(operate(running))
    if not ended:
        # A thread that still waits for Prometheus would hold the process up to its time-out.
        os._exit(0)


@contextmanager
def _api(reports: ReportService, access: Access, at: tuple[str, int]) -> Iterator[None]:
    """The HTTP APIs, over what ``reports`` are answered from."""
    from farthing.api.serving import server, serving

    service = wiring.asking(reports)
    with (
        access.scopes(service) as scope_of,
        serving(server(service, scope_of, access.cors_origins, access.most_series), at),
    ):
        yield


def _operator_settings(**values: object) -> OperatorSettings:
    refresh = str(values["refresh_interval"])
    return OperatorSettings(
        namespace=str(values["namespace"]),
        cluster_scope_namespaces=frozenset(_names(str(values["cluster_scope_namespaces"]))),
        refresh_seconds=parse_duration(refresh, f"--refresh-interval {refresh!r}", REFRESH).nominal_seconds,
        backfill_days=int(str(values["backfill_days"])),
        keep_hours_days=int(str(values["keep_hours_days"])),
        keep_days=int(str(values["keep_days"])),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())
