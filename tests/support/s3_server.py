"""A real S3 server: a folder is a bucket, and the files in it are its objects."""

from pathlib import Path
from typing import Self

from tests.support.servers import Server, answers, free_ports, log_tail

KEY, SECRET = "farthing", "of-no-use-elsewhere"


class S3Server:
    """A gateway to the folders in ``folder``, at ``url``."""

    def __init__(self, folder: Path, logs: Path, program: Path) -> None:
        (port,) = free_ports(1)
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
        }
        """What a client is told by."""
        self._server = Server(
            [program, "--port", f"127.0.0.1:{port}", "--health", "/health", "posix", "--nometa", folder],
            logs / "versitygw.log",
            {"ROOT_ACCESS_KEY": KEY, "ROOT_SECRET_KEY": SECRET},
        )

    def __enter__(self) -> Self:
        """Start; return when it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._server.start_ready(lambda: answers(f"{self.url}/health"))
        return self

    def __exit__(self, *_: object) -> None:
        """Stop; the files stay."""
        self._server.stop()

    def log_tails(self) -> str:
        """The last lines of the log."""
        return log_tail(self._server.log)
