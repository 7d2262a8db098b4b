"""``farthing serve``."""

import click

from farthing import wiring
from farthing.cli.api_options import Access, access
from farthing.cli.asking import clock, fetcher
from farthing.cli.options import address, common
from farthing.settings import Settings


@click.command("serve")
@click.option("--listen", envvar="FARTHING_LISTEN", default="127.0.0.1:9090", metavar="HOST:PORT", show_default=True,
              show_envvar=True, help="Where the APIs are served.")  # fmt: skip
@access("none")
@common
def command(settings: Settings, access: Access, listen: str) -> None:
    """The HTTP APIs of Kubecost and OpenCost over a store.

    Clients that are told their address ask as they ask those: /model/allocation, /model/assets, /allocation/compute and so on;
    /openapi.json lists them all. Windows within hours need --prometheus too. /metrics is for Prometheus to scrape.
    """
    host, port = address(listen)
    access.check(host, "--listen")
    from farthing.api.serving import listening, server

    with fetcher(settings) as prometheus:
        # Not Prometheus' clock: it would be asked at each request.
        service = wiring.ask_service(settings, prometheus, clock)
        with access.scopes(service) as scope_of, listening((host, port)) as at:
            shown = f"[{host}]" if ":" in host else host or "localhost"
            click.echo(f"http://{shown}:{port}/model/allocation?window=7d and more, until Ctrl-C", err=True)
            server(service, scope_of, access.cors_origins, access.most_series).run([at])
