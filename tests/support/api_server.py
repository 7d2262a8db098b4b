"""The APIs on a real socket, in a thread of the tests' process."""

from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from threading import Thread
from types import TracebackType
from typing import Any, Self

import requests
from fastapi import FastAPI

from farthing.api.serving import listening, server_of

PATIENCE = 30.0


@dataclass
class ApiServer(AbstractContextManager["ApiServer"]):
    """Serves ``app`` while it is entered."""

    app: FastAPI

    def __enter__(self) -> Self:
        self._server = server_of(self.app)
        self._listening = ExitStack()
        at = self._listening.enter_context(listening(("127.0.0.1", 0)))
        self.url = f"http://127.0.0.1:{at.getsockname()[1]}"
        self._thread = Thread(target=self._server.run, args=([at],), daemon=True)
        self._thread.start()
        # Who asks before the server takes its first connection waits for it.
        requests.get(f"{self.url}/healthz", timeout=PATIENCE).raise_for_status()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        self._listening.close()

    def get(self, path: str, headers: dict[str, str] | None = None, **parameters: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", params=parameters, headers=headers, timeout=PATIENCE)

    def data(self, path: str, **parameters: str) -> Any:
        """What stands under data of an answer that went well."""
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        body = answer.json()
        assert (body["code"], body["status"]) == (200, "success")
        return body["data"]
