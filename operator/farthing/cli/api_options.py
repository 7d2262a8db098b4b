"""Who may ask the HTTP APIs, and how much of them there is, as ``serve`` and ``operate --api`` are told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farthing.services.asking import AskService
from farthing.settings import MOST_SERIES

if TYPE_CHECKING:
    from farthing.api.seen import ScopeOf

Command = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask, and from which pages."""

    auth: str
    everybody: bool
    kubeconfig: Path | None
    cors_origins: tuple[str, ...]
    most_series: int
    """Of each metric of costs."""

    def check(self, host: str, option: str) -> None:
        """See that nobody is let in unasked who comes from elsewhere. Raises click.BadParameter."""
        from farthing.api.seen import is_loopback

        if "*" in self.cors_origins:
            raise click.BadParameter(
                "'*' would let every page read all costs: name the origins", param_hint="--cors-origin"
            )
        if self.auth == "none" and not self.everybody and not is_loopback(host):
            raise click.BadParameter(
                f"{host or 'every address'!r} is no loopback address, and with --auth none nobody is asked who they are: "
                "listen at 127.0.0.1, say --auth kubernetes, or --everybody-sees-everything",
                param_hint=option,
            )

    @contextmanager
    def scopes(self, service: AskService) -> Iterator["ScopeOf"]:
        """Says of each request what it may see. Raises KubernetesError."""
        from farthing.api.seen import by_token, everything, of_this_machine

        if self.auth == "none":
            yield everything if self.everybody else of_this_machine
            return
        from farthing.kube.reviews import Reviews
        from farthing.services.authorizing import Authorizer

        reviews = Reviews(self.kubeconfig)
        try:
            yield by_token(Authorizer(reviews, service.namespaces))
        finally:
            reviews.close()


def access(auth: str) -> Callable[[Command], Command]:
    """Give a command an ``access`` argument; ``auth`` is how it goes where nobody says."""
    options = [
        click.option("--auth", envvar="FARTHING_AUTH", type=click.Choice(["kubernetes", "none"]), default=auth, show_default=True,
                     help="Who may see what. kubernetes: who asks sends a bearer token, and sees the namespaces in which its "
                     "user may get costs.farthing.dev, or all if it may get clustercosts.farthing.dev. none: nobody is asked."),
        click.option("--everybody-sees-everything", "everybody", is_flag=True,
                     help="Let --auth none be where others than this machine's own programs reach it."),
        click.option("--kubeconfig", envvar="KUBECONFIG", type=click.Path(path_type=Path, exists=True, dir_okay=False),
                     help="How to reach the Kubernetes API. Default: the pod's service account."),
        click.option("--cors-origin", "cors_origins", envvar="FARTHING_CORS_ORIGINS", multiple=True, metavar="ORIGIN",
                     show_envvar=True,
                     help="Where pages come from that may read the answers, such as http://localhost:3000; may be repeated."),
        click.option("--metrics-most-series", "most_series", envvar="FARTHING_METRICS_MOST_SERIES", default=MOST_SERIES,
                     metavar="N", type=click.IntRange(1, 100_000), show_default=True, show_envvar=True,
                     help="Of each metric of costs in /metrics; beyond it what costs least is left out."),
    ]  # fmt: skip

    def given(command: Command) -> Command:
        @wraps(command)
        def filled(*args: Any, **values: Any) -> Any:
            found = Access(**{name: values.pop(name) for name in Access.__dataclass_fields__})
            return command(*args, access=found, **values)

        for option in reversed(options):
            filled = option(filled)
        return filled

    return given
