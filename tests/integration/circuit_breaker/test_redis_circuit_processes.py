"""Several processes, one circuit, one Redis."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.circuit_breaker.redis_backends import RedisBackend

SCRIPT = str(Path(__file__).with_name("prober.py"))
TIMEOUT = 600


class Prober:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def hears(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()

    async def says(self) -> str:
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().strip()

    async def asked(self, line: str) -> str:
        await self.hears(line)
        return await self.says()

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()

    async def close(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()


@asynccontextmanager
async def probers(count: int, url: str, backend: RedisBackend) -> AsyncIterator[list[Prober]]:
    pipe = asyncio.subprocess.PIPE
    started = [
        Prober(
            await asyncio.create_subprocess_exec(
                sys.executable, SCRIPT, url, backend.namespace, "billing", stdin=pipe, stdout=pipe
            )
        )
        for _ in range(count)
    ]
    try:
        assert [await prober.says() for prober in started] == ["ready"] * count
        yield started
    finally:
        for prober in started:
            await prober.close()


async def open_circuit(prober: Prober) -> None:
    assert await prober.asked("call") == "probing"  # the circuit is closed: an ordinary call
    assert await prober.asked("fail") == "failed"
    assert await prober.asked("call") == "refused"


@pytest.fixture
def url(redis_url: str) -> str:
    return redis_url


async def test_one_probe_goes_out_over_all_processes(url: str, redis_backend: RedisBackend) -> None:
    async with probers(4, url, redis_backend) as processes:
        await open_circuit(processes[0])
        await redis_backend.advance(TIMEOUT)
        answers = await asyncio.gather(*(process.asked("call") for process in processes))
        assert sorted(answers) == ["probing", "refused", "refused", "refused"]
        assert await processes[answers.index("probing")].asked("succeed") == "done"
        assert await asyncio.gather(*(process.asked("call") for process in processes)) == ["probing"] * 4


async def test_a_killed_prober_keeps_the_circuit_shut_until_its_lease_ends(
    url: str, redis_backend: RedisBackend
) -> None:
    async with probers(2, url, redis_backend) as (killed, other):
        await open_circuit(killed)
        await redis_backend.advance(TIMEOUT)
        assert await killed.asked("call") == "probing"
        await killed.kill()
        assert await other.asked("call") == "refused"
        await redis_backend.advance(TIMEOUT)  # the lease lasts as long as the timeout
        assert await other.asked("call") == "probing"
        assert await other.asked("succeed") == "done"
