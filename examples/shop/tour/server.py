"""The shop behind a port of its own, for as long as the tour lasts."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI


@dataclass(frozen=True)
class Serving:
    """A server that answers at ``url``, until ``ended``."""

    url: str
    ended: asyncio.Task[None]


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncGenerator[Serving, None]:
    """Serves ``app`` on a free port of this machine while the block runs. Raises what the start of ``app`` raises."""
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    # The socket listens from here on, so a client may call at once: it is answered when the server has come up.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with app.router.lifespan_context(app):
            ended = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                yield Serving(f"http://127.0.0.1:{listener.getsockname()[1]}", ended)
            finally:
                server.should_exit = True
                await ended
