"""``farthing serve``."""

from ipaddress import ip_address

import click

from farthing import wiring
from farthing.cli.asking import clock, fetcher
from farthing.cli.options import address, common
from farthing.settings import MOST_SERIES, Settings


@click.command("serve")
@click.option("--listen", envvar="FARTHING_LISTEN", default="127.0.0.1:9090", metavar="HOST:PORT", show_default=True,
              show_envvar=True, help="Where the APIs are served.")  # fmt: skip
@click.option("--auth", type=click.Choice(["none"]), default="none", show_default=True,
              help="Who may see what: none lets everybody who reaches the address see everything, and so it is a loopback one.")  # fmt: skip
@click.option("--cors-origin", "cors_origins", envvar="FARTHING_CORS_ORIGINS", multiple=True, metavar="ORIGIN", show_envvar=True,
              help="Where pages come from that may read the answers, such as http://localhost:3000; may be repeated.")  # fmt: skip
@click.option("--metrics-most-series", "most_series", envvar="FARTHING_METRICS_MOST_SERIES", default=MOST_SERIES, metavar="N",
              type=click.IntRange(1, 100_000), show_default=True, show_envvar=True,
              help="Of each metric of costs in /metrics; beyond it what costs least is left out.")  # fmt: skip
@common
def command(settings: Settings, listen: str, auth: str, cors_origins: tuple[str, ...], most_series: int) -> None:
    """The HTTP APIs of Kubecost and OpenCost over a store.

    Clients that are told their address ask as they ask those: /model/allocation, /model/assets, /allocation/compute and so on;
    /openapi.json lists them all. Windows within hours need --prometheus too. /metrics is for Prometheus to scrape.
    """
    del auth
    host, port = address(listen)
    if not _is_loopback(host):
        raise click.BadParameter(
            f"{host or 'every address'!r} is no loopback address, and nobody is asked who they are: use 127.0.0.1:{port}",
            param_hint="--listen",
        )
    from farthing.api.serving import serve

    with fetcher(settings) as prometheus:
        now = prometheus.now if prometheus is not None else clock
        serve(wiring.ask_service(settings, prometheus, now), (host, port), cors_origins, most_series)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
