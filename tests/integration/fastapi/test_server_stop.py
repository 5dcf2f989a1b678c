"""A server that is stopped while streams are open that never end by themselves."""

from __future__ import annotations

import asyncio
import signal

import httpx
import pytest

from tests.integration.fastapi.events import read_events
from tests.integration.fastapi.process import Served, served

pytestmark = pytest.mark.slow

PROGRAM = "tests.integration.fastapi.programs.endless:app"
UNAVAILABLE = {"type": "about:blank", "title": "Service Unavailable", "status": 503}


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
async def test_a_stream_ends_when_the_server_is_stopped(told: signal.Signals) -> None:
    async with served(PROGRAM) as server, server.client.stream("GET", "/ticks") as response:
        events = read_events(response.aiter_lines())
        assert [(await anext(events)).name for _ in range(2)] == ["start", "progress"]
        await server.until("waiting")
        server.process.send_signal(told)
        last = await anext(events)
        assert (last.name, last.data["problem"]) == ("error", UNAVAILABLE)
        assert [event async for event in events] == []
        await server.ended()
    assert [line for line in server.said if " " in line and "INFO" not in line] == ["session closed", "lifespan ended"]
    assert any("Finished server process" in line for line in server.said)


async def test_a_stream_without_a_chunk_yet_is_answered_with_503() -> None:
    async with served(PROGRAM) as server:
        sent = server.client.stream("GET", "/ticks?count=0")
        # the response begins when the server stops, so another task has to stop it
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_stop(server))
            async with sent as response:
                assert response.status_code == 503
        await server.ended()
    assert "session closed" in server.said


async def test_a_stream_by_hand_ends_with_the_time_limit_of_the_server() -> None:
    async with served(PROGRAM, "--timeout-graceful-shutdown", "1") as server:
        async with server.client.stream("GET", "/ticks-by-hand") as response:
            lines = response.aiter_lines()
            assert await anext(lines) == "data: 0"
            await server.until("waiting")
            server.process.terminate()
            with pytest.raises(httpx.RemoteProtocolError):
                [line async for line in lines]
        await server.ended()
    assert "lifespan ended" in server.said


async def _stop(server: Served) -> None:
    await server.until("waiting")
    server.process.terminate()
