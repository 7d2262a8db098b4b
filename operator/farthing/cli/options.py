"""Options that commands share; each is also ``FARTHING_…`` in the environment."""

import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from farthing.cli.price_files import load_prices
from farthing.errors import InvalidInputError
from farthing.model.filters import ALIASES
from farthing.model.question import LABELS_OF_ALIASES
from farthing.model.zone import parse_timezone
from farthing.settings import Settings

CONTEXT = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": None, "show_default": True}
EXIT_CODES = "Exit codes: 0 done, 1 failed, 2 bad usage, 3 data incomplete."

LAST_PORT = 65_535
Command = Callable[..., Any]


class _Lines(click.types.StringParamType):
    """Texts with spaces in them; the environment holds one a line."""

    def split_envvar_value(self, rv: str) -> list[str]:
        """The lines that are not blank."""
        return [line for line in rv.splitlines() if line.strip()]


PROMETHEUS = [
    click.option("--prometheus", envvar="FARTHING_PROMETHEUS", default="", metavar="URL", show_envvar=True,
                 help="Anything that speaks Prometheus' API: Prometheus, Thanos, Mimir, VictoriaMetrics."),
    click.option("--cluster-label", envvar="FARTHING_CLUSTER_LABEL", default="", metavar="LABEL",
                 help="Label that tells clusters apart in a Prometheus of several; its value is --cluster."),
    click.option("--header", "headers", envvar="FARTHING_HEADERS", multiple=True, metavar="NAME=VALUE",
                 type=_Lines(), show_envvar=True,
                 help="Sent with each request, such as X-Scope-OrgID=team; may be repeated, in the environment one a line."),
    click.option("--bearer-token-file", envvar="FARTHING_BEARER_TOKEN_FILE", type=click.Path(path_type=Path),
                 help="File with a bearer token."),
    click.option("--username", envvar="FARTHING_USERNAME", default="", help="For basic authentication."),
    click.option("--password-file", envvar="FARTHING_PASSWORD_FILE", type=click.Path(path_type=Path),
                 help="File with the password of --username."),
    click.option("--ca-file", envvar="FARTHING_CA_FILE", default="", help="Certificates to trust instead of the system's."),
    click.option("--insecure-skip-tls-verify", "insecure", envvar="FARTHING_INSECURE_SKIP_TLS_VERIFY", is_flag=True,
                 help="Trust any certificate."),
    click.option("--prometheus-timeout", "timeout", envvar="FARTHING_PROMETHEUS_TIMEOUT", default=120.0,
                 metavar="SECONDS", help="How long one query may take."),
]  # fmt: skip

STORE = [
    click.option("--store", envvar="FARTHING_STORE", default="farthing-store", metavar="DIR", show_envvar=True,
                 type=click.Path(path_type=Path, file_okay=False), help="Where the facts are kept."),
    click.option("--cluster", envvar="FARTHING_CLUSTER", default="cluster-one", metavar="NAME", show_envvar=True,
                 help="The cluster's name in reports."),
    click.option("--timezone", envvar="FARTHING_TIMEZONE", default="UTC", metavar="ZONE", show_envvar=True,
                 help="Where days begin: an IANA name or an offset such as +05:30."),
    click.option("--currency", envvar="FARTHING_CURRENCY", default="USD", metavar="CODE",
                 help="Currency of the rates, as shown in reports."),
    click.option("--alias-label", "aliases", envvar="FARTHING_ALIAS_LABELS", multiple=True, metavar="NAME=LABEL", type=_Lines(),
                 show_envvar=True, help="Label that department, environment, owner, product or team stands for, such as "
                 "team=squad; may be repeated, in the environment one a line. Default: department, env, owner, app, team."),
    click.option("--prices", "price_files", envvar="FARTHING_PRICES", multiple=True, metavar="FILE", show_envvar=True,
                 type=click.Path(exists=True, dir_okay=False, path_type=Path),
                 help="A file of PriceBooks, which go before metrics and list prices in hours that are collected with it; may be "
                 "repeated."),
]  # fmt: skip


def common(command: Command) -> Command:
    """Give ``command`` a ``settings`` argument, filled from the options that all commands share."""

    @wraps(command)
    def filled(*args: Any, **values: Any) -> Any:
        shared = {name: values.pop(name) for name in list(values) if name in _SHARED}
        return command(*args, settings=_settings(**shared), **values)

    for option in reversed((*STORE, *PROMETHEUS)):
        filled = option(filled)
    return filled


_SHARED = {
    "prometheus", "cluster_label", "headers", "bearer_token_file", "username", "password_file", "ca_file", "insecure",
    "timeout", "store", "cluster", "timezone", "currency", "aliases", "price_files",
}  # fmt: skip


def _settings(
    headers: tuple[str, ...], timezone: str, aliases: tuple[str, ...], price_files: tuple[Path, ...], **values: Any
) -> Settings:
    return Settings(
        **values,
        headers=dict(map(_header, headers)),
        timezone=timezone,
        zone=parse_timezone(timezone),
        prices=load_prices(price_files, values["currency"]),
        aliases=tuple({**dict(LABELS_OF_ALIASES), **dict(map(_alias, aliases))}.items()),
    )


def _alias(text: str) -> tuple[str, str]:
    name, _, label = text.partition("=")
    if name.strip() not in ALIASES or not label.strip():
        raise InvalidInputError(f"--alias-label {text!r} wants NAME=LABEL, with a name of {', '.join(ALIASES)}")
    return name.strip(), label.strip()


def _header(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise InvalidInputError("--header wants NAME=VALUE, such as X-Scope-OrgID=team")
    return name.strip(), value.strip()


def address(text: str) -> tuple[str, int]:
    """Host and port of HOST:PORT, an empty host for every address. Raises BadParameter."""
    match = re.fullmatch(r"(?:\[(?P<six>.+)\]|(?P<host>[^:\[\]]*)):(?P<port>[0-9]{1,5})", text)
    if match is None or int(match["port"]) > LAST_PORT:
        allowed = "allowed are :8080 for every address, 127.0.0.1:8080 and, in brackets for IPv6, [::1]:8080"
        raise click.BadParameter(f"{text!r} is not HOST:PORT: {allowed}", param_hint="--listen")
    return match["six"] or match["host"], int(match["port"])


form = click.option("--output", "-o", type=click.Choice(["table", "json"]), default="table", help="Form of the answer.")
output = click.option(
    "--output", "-o", type=click.Choice(["table", "json", "csv"]), default="table", help="Form of the answer."
)
