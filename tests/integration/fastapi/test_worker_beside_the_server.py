"""A relay and a web server in one process: SIGTERM ends both, and each finishes its work."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

PROGRAM = """
import asyncio, contextlib, sys
import fastapi, uvicorn
import cqrs
from cqrs.message_brokers.memory import MemoryMessageBroker
from cqrs.outbox import MemoryOutboxedEventRepository

relay = cqrs.OutboxRelay(MemoryOutboxedEventRepository(), MemoryMessageBroker())

async def run():
    await relay.run()
    print("relay ended", flush=True)

@contextlib.asynccontextmanager
async def lifespan(app):
    running = asyncio.create_task(run()) if sys.argv[1] == "lifespan" else None
    await relay.started() if running is None else await asyncio.sleep(0.1)
    print("up", flush=True)
    yield
    print("server ended", flush=True)
    if running is not None:
        await relay.stop()
        await running

app = fastapi.FastAPI(lifespan=lifespan)
server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))

async def main():
    match sys.argv[1]:
        case "server first":
            await asyncio.gather(server.serve(), run())
        case "relay first":
            await asyncio.gather(run(), server.serve())
        case "lifespan":
            await server.serve()
    print("all ended", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("how", ["server first", "relay first", "lifespan"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_a_web_server_and_the_relay_beside_it(
    tmp_path: Path, how: str, number: signal.Signals
) -> None:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, str(file), how, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"up\n"
        process.send_signal(number)
        said, errors = await process.communicate()
    assert {"relay ended", "server ended"} <= set(said.decode().splitlines()), errors.decode()
