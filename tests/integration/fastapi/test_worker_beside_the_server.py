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
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
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


BUSY = """
import asyncio, os, signal, sys
import uvicorn
import cqrs
from cqrs.message_brokers.protocol import MessageBroker
from cqrs.outbox import MemoryOutboxedEventRepository
from cqrs.testing.conformance.outbox import Numbered, numbered

ended = asyncio.Event()

class Slow(MessageBroker):
    async def send_message(self, message):
        os.kill(os.getpid(), signal.SIGTERM)
        await ended.wait()  # the server has ended before it is sent
        await asyncio.sleep(0.3)

async def app(scope, receive, send):
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
    ended.set()

registry = cqrs.EventRegistry()
registry.register(Numbered, "numbered")
outbox = MemoryOutboxedEventRepository(registry=registry)

class Relay(cqrs.OutboxRelay):
    async def stop(self):
        await super().stop()
        print("sent", self.sent, flush=True)

relay = Relay(outbox, Slow())
server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))

async def run():
    async with outbox as session:
        outbox.add(session, numbered(1))
        await outbox.commit(session)
    while not server.started:
        await asyncio.sleep(0.01)
    await relay.run()

async def main():
    await asyncio.gather(server.serve(), run())

asyncio.run(main())
"""


async def test_a_relay_beside_a_server_that_has_ended_finishes_what_is_under_way(tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(BUSY)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, str(file), stdout=pipe, stderr=pipe)
    async with asyncio.timeout(60):
        said, errors = await process.communicate()
    assert said == b"sent 1\n", errors.decode()
    assert process.returncode == -signal.SIGTERM
