"""An application behind a real socket, and clients that read its events or hang up."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.types import ASGIApp


@dataclass(frozen=True)
class Live:
    """A server that runs in this event loop, on a free port of the loopback interface."""

    client: httpx.AsyncClient
    address: tuple[str, int]

    @asynccontextmanager
    async def post(
        self, path: str, body: Any
    ) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter], None]:
        """A request on a connection of its own, to be read and dropped by hand."""
        reader, writer = await asyncio.open_connection(*self.address)
        content = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: {len(content)}"
        writer.write(head.encode() + b"\r\n\r\n" + content)
        try:
            yield reader, writer
        finally:
            writer.close()


@asynccontextmanager
async def serve(app: ASGIApp) -> AsyncGenerator[Live, None]:
    """Runs `app` until the end of the block."""
    # The socket listens before the server runs, so no client has to wait for it.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
        running = asyncio.create_task(server.serve([listening]))
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{address[1]}", timeout=30) as client:
                yield Live(client, address)
        finally:
            server.should_exit = True
            await running
