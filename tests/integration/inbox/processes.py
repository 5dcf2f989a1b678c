"""The service of these tests in processes of its own, which can be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cqrs.testing.faults import TRACE, VARIABLE
from tests.helpers.waiting import until
from tests.servers.recipe import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.integration.inbox.backends import Database
    from tests.integration.inbox.wires.wire import BrokerWire


@asynccontextmanager
async def process(  # noqa: PLR0913  # where it works, as which member, and where it is to crash
    database: Database, wire: BrokerWire, group: str, member: str = "", *, failpoint: str = "", trace: str = ""
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A consumer in a process, of this group of ``wire``; it is killed at the end, if it has not died before."""
    environment = {**os.environ, VARIABLE: failpoint, TRACE: trace}
    place = (type(wire).__module__, wire.address, wire.topic, group, member)
    command = (sys.executable, "-m", "tests.integration.inbox.service", database.address, *place)
    started = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def killed(started: asyncio.subprocess.Process) -> None:
    """Returns when it has died at its failpoint."""
    async with asyncio.timeout(60):
        assert await started.wait() == -signal.SIGKILL


async def stopped(started: asyncio.subprocess.Process) -> None:
    """Returns when it has stopped at its failpoint."""
    state = Path(f"/proc/{started.pid}/stat")
    await until(lambda: state.read_text(encoding="ascii").split()[2] == "T")
