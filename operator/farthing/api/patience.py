"""Connections whose requests do not come."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class Patient(H11Protocol):
    """uvicorn's protocol, which waits for the head of a request no longer than a connection may be idle.

    By itself it counts from the end of an answer alone: who never asks, or asks half, would keep a connection for ever.
    """

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on, from when it began, while a head is not whole."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._come()
        elif self._late is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._come()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._late = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _come(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
