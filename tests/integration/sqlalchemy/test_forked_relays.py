"""A relay that was made before its process was forked works in both processes, each message once."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from cqrs.testing.conformance._outbox_stand import Numbered, numbered

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.sqlalchemy.backends import SqlBackend

PROGRAM = """
import asyncio, multiprocessing, os, sys
from pathlib import Path
import cqrs
from cqrs.workers import Backoff, OutboxRelay, RelayPolicy
from tests.faults.relay_program import FileBroker

address, file, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
db = cqrs.Database(address)
policy = RelayPolicy(batch_size=5, lease=10.0, idle_backoff=Backoff(first=0.005, longest=0.05))
relay = OutboxRelay(db.outbox, FileBroker(file, {"ack": "0.02"}), policy, name="shop")

async def work():
    async with db, relay:
        while len(file.read_text().splitlines()) < count:
            await asyncio.sleep(0.02)
        os.write(1, f"{relay.name} {relay.sent}\\n".encode())  # at once, beside the other process

def in_child():
    asyncio.run(work())

child = multiprocessing.get_context("fork").Process(target=in_child)
child.start()
asyncio.run(work())
child.join()
sys.exit(child.exitcode)
"""
COUNT = 300


@pytest.mark.parametrize(
    "store", ["sqlite", *(pytest.param(name, marks=pytest.mark.server) for name in ("postgres", "mariadb"))]
)
async def test_a_relay_made_before_a_fork_sends_each_message_once_in_both_processes(
    backend: SqlBackend, tmp_path: Path
) -> None:
    outbox = backend.repository()
    outbox.registry.register(Numbered, "numbered")
    async with outbox as session:
        for number in range(COUNT):
            outbox.add(session, numbered(number), key=str(number % 64))
        await outbox.commit(session)
    address = backend.engine.url.render_as_string(hide_password=False)
    file = tmp_path / "arrived"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, address, str(file), str(COUNT)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        said, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    workers = dict(line.split() for line in said.decode().splitlines())
    assert len(workers) == 2  # of one name, and two holders
    assert all(name.startswith("shop:") and int(sent) > 0 for name, sent in workers.items())
    arrived = Counter(line.split()[0] for line in file.read_text().splitlines())
    assert len(arrived) == COUNT
    assert set(arrived.values()) == {1}


@pytest.fixture
def backend(store: str, request: pytest.FixtureRequest) -> SqlBackend:
    found: SqlBackend = request.getfixturevalue(f"{store}_backend")
    return found
