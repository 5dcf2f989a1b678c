"""Something between a client and a server that breaks without a word."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class Proxy:
    """Passes bytes on. `swap` replaces bytes of clients by others of the same length; `mute` leaves unanswered
    the clients that connect from then on; `unanswered` passes bytes of clients to the server, and none back."""

    def __init__(self, host: str, port: int) -> None:
        self.accepted = 0
        self.mute = False
        self.port = 0
        self.swap: tuple[bytes, bytes] | None = None
        self.unanswered = False
        self._target = host, port
        self._open: set[asyncio.Event] = set()
        self._pumps: set[asyncio.Task[None]] = set()

    def lead_to(self, host: str, port: int) -> None:
        """New connections lead there from now on."""
        self._target = host, port

    def black_hole(self) -> None:
        """Present connections stay open and get nothing any more; new ones are served."""
        for passing in self._open:
            passing.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        try:
            there = await asyncio.open_connection(*self._target)
        except OSError:
            writer.close()
            return
        passing = asyncio.Event()
        if not self.mute:
            passing.set()
        self._open.add(passing)
        for source, target, client in ((reader, there[1], True), (there[0], writer, False)):
            task = asyncio.create_task(self._pump(source, target, passing, client=client))
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, passing: asyncio.Event, *, client: bool
    ) -> None:
        try:
            with suppress(ConnectionError):
                while data := await source.read(65_536):
                    if not passing.is_set() or (self.unanswered and not client):
                        continue
                    if client and self.swap is not None:
                        data = data.replace(*self.swap)
                    target.write(data)
                    await target.drain()
        finally:
            target.close()

    async def close(self) -> None:
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)


@asynccontextmanager
async def proxy_to(host: str, port: int) -> AsyncGenerator[Proxy, None]:
    proxy = Proxy(host, port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
