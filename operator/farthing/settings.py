"""Settings of a process: flags of the command line, each also ``FARTHING_…`` in the environment. Read once, in ``cli``."""

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path

from farthing.model.prices import NO_PRICES, Prices
from farthing.model.question import LABELS_OF_ALIASES, Aliases

MOST_SERIES = 5_000
"""Of each metric of costs that ``/metrics`` tells."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What every command shares."""

    prometheus: str = field(default="", repr=False)
    """URL of anything that speaks Prometheus' API, perhaps with a password in it; empty where only the store is asked."""
    store: Path = Path("farthing-store")
    cluster: str = "cluster-one"
    zone: tzinfo = UTC
    timezone: str = "UTC"
    currency: str = "USD"
    cluster_label: str = ""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    bearer_token_file: Path | None = None
    username: str = ""
    password_file: Path | None = None
    ca_file: str = ""
    insecure: bool = False
    timeout: float = 120.0
    aliases: Aliases = LABELS_OF_ALIASES
    """The label that each of team, owner and the like stands for."""
    prices: Prices = NO_PRICES
    """Price books of files."""


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """What only ``farthing operate`` needs."""

    namespace: str = "farthing-system"
    """Where the operator runs: reports in it see the cluster."""
    cluster_scope_namespaces: frozenset[str] = frozenset()
    """Further namespaces whose reports see the cluster."""
    refresh_seconds: float = 600.0
    backfill_days: int = 7
    keep_hours_days: int = 14
    keep_days: int = 120
