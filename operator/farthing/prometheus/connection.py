"""How to reach Prometheus, checked before anything is sent. Secrets stay in here: they are in no message and no repr."""

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from farthing.errors import InvalidInputError
from farthing.prometheus.queries import Matcher


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach Prometheus. Raises InvalidInputError for what can reach nothing, without repeating a secret."""

    url: str = field(repr=False)
    """May hold ``user:password@``, which count where no ``username`` is given."""
    bearer_token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    ca_file: str = ""
    insecure: bool = False
    cluster_label: str = ""
    cluster: str = ""
    connect_timeout: float = 10.0
    """Until a connection stands. [s]"""
    read_timeout: float = 120.0
    """From the question to the last byte of its answer. [s]"""
    first_wait: float = 0.5
    """Before what failed twice is asked a third time; each further wait is twice as long. [s]"""
    longest_wait: float = 10.0
    """Between two tries, also where Prometheus asks for a longer one. [s]"""
    max_bytes: int = 64 << 20
    """Of one answer, unpacked: a larger one is asked for in parts."""

    def __post_init__(self) -> None:
        if not self._has_address():
            # It is not shown: who knows which part of it is the password.
            raise InvalidInputError(
                "the Prometheus URL is none: give one such as http://prometheus.monitoring.svc:9090"
            )
        if self._parts.query or self._parts.fragment:
            raise InvalidInputError(
                "the Prometheus URL goes on with '?' or '#': give it without, secrets as headers, and these signs in a "
                "password as %3F and %23"
            )
        if "@" in self._parts.path:
            # What stands before it was meant as a password, perhaps, and would be shown.
            raise InvalidInputError(
                "the Prometheus URL has an '@' after a '/': in a user name or password give '/' as %2F and '@' as %40, "
                "in a path '@' as %40"
            )
        if self.cluster_label:
            Matcher(self.cluster_label, "=", self.cluster)
        for name in self.headers:
            if not re.fullmatch(r"[\w!#$%&'*+.^`|~-]+", name, re.ASCII):
                raise InvalidInputError(f"{name!r} cannot be the name of an HTTP header: use letters, digits and '-'")
        for name, value in {"the bearer token": self.bearer_token, **self.headers}.items():
            if value != value.strip() or not all(" " <= sign <= "~" for sign in value):
                raise InvalidInputError(
                    f"the value of {name} cannot be sent as an HTTP header: use printable ASCII, without spaces around it"
                )

    @property
    def shown(self) -> str:
        """The URL without credentials and without a slash at its end."""
        return f"{self._parts.scheme}://{self._parts.netloc.rpartition('@')[2]}{self._parts.path}".rstrip("/")

    @property
    def credentials(self) -> tuple[bytes, bytes] | None:
        """Name and password for HTTP's basic way, if there are any."""
        if self.username:
            return self.username.encode(), self.password.encode()
        if not self._parts.username:
            return None
        return unquote(self._parts.username).encode(), unquote(self._parts.password or "").encode()

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    def _has_address(self) -> bool:
        try:
            parts = self._parts
            return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            return False
