from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from redis.asyncio import Redis

from tests.servers.client import SupervisorProcess, ask
from tests.servers.fixtures import Servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.client import Server

_STAND_INS = """
import sys
from tests.servers.recipe import Missing, Recipe, Tool
from tests.servers.supervisor import main

class Web(Recipe):
    name = "web"
    def provide(self):
        return "1"
    def command(self, place):
        return [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(place.ports[0])]
    def address(self, place):
        return str(place.ports[0])
    async def ready(self, place):
        import asyncio
        _, writer = await asyncio.open_connection("127.0.0.1", place.ports[0])
        writer.close()
        return True

class Broken(Web):
    name = "broken"
    def command(self, place):
        return [sys.executable, "-c", "raise SystemExit('no storage left')"]

class Absent(Tool):
    name = "absent"
    def provide(self):
        raise Missing("not on this machine")

main({tool.name: tool for tool in (Web(), Broken(), Absent())})
"""


@pytest.fixture
def supervisor() -> Iterator[SupervisorProcess]:
    process = SupervisorProcess(("-c", _STAND_INS))
    yield process
    process.close()


def _listens(port: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) == 0


def test_all_who_ask_for_a_place_get_the_same_server(supervisor: SupervisorProcess) -> None:
    first = ask(supervisor.port, "start", "web", "shared")
    assert ask(supervisor.port, "start", "web", "shared") == first
    assert ask(supervisor.port, "start", "web", "own")["address"] != first["address"]
    assert ask(supervisor.port, "report")["web"] == {"version": "1", "starts": 2}


def test_a_restarted_server_keeps_its_address(supervisor: SupervisorProcess) -> None:
    address = ask(supervisor.port, "start", "web", "shared")["address"]
    ask(supervisor.port, "kill", "web", "shared")
    assert not _listens(address)
    assert ask(supervisor.port, "start", "web", "shared")["address"] == address
    assert _listens(address)


def test_servers_end_with_the_process_that_asked_for_the_supervisor() -> None:
    # The child starts a server and is then killed: nothing of its own can clean up.
    program = (
        "import os, signal\n"
        "from tests.servers.client import SupervisorProcess, ask\n"
        f"process = SupervisorProcess(('-c', {_STAND_INS!r}))\n"
        "print(ask(process.port, 'start', 'web', 'shared')['address'], flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    address = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=False).stdout
    while _listens(address):  # the time limit of the test is the only one
        time.sleep(0.02)


def test_a_server_that_does_not_come_up_shows_its_log(supervisor: SupervisorProcess) -> None:
    assert "no storage left" in ask(supervisor.port, "start", "broken", "shared")["failed"]


def test_an_unavailable_server_is_answered_with_the_reason(supervisor: SupervisorProcess) -> None:
    assert ask(supervisor.port, "provide", "absent") == {"missing": "not on this machine"}


def test_redis_serves(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()


async def test_a_redis_of_ones_own_can_be_killed_and_started_again(redis_server: Server) -> None:
    async with Redis.from_url(redis_server.address) as client:
        await client.set("key", "value")
        await asyncio.to_thread(redis_server.kill)
        with pytest.raises(redis.exceptions.ConnectionError):
            await client.get("key")
        await asyncio.to_thread(redis_server.start)
        assert await client.get("key") is None


async def test_kafka_keeps_what_it_acknowledged_over_a_restart(kafka_server: Server) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka_server.address) as producer:
        await producer.send_and_wait("orders", b"placed")
    await asyncio.to_thread(kafka_server.restart)
    consumer = AIOKafkaConsumer(
        "orders", bootstrap_servers=kafka_server.address, group_id="readers", auto_offset_reset="earliest"
    )
    async with consumer:
        assert (await consumer.getone()).value == b"placed"


def test_mermaid_accepts_a_diagram(mermaid_parse: Callable[[str], None]) -> None:
    mermaid_parse("sequenceDiagram\n    A->>B: hello")
    mermaid_parse("classDiagram\n    A <|-- B")


def test_mermaid_reports_the_mistake(mermaid_parse: Callable[[str], None]) -> None:
    with pytest.raises(AssertionError, match="Parse error on line 2"):
        mermaid_parse("sequenceDiagram\n    A->>>>z: hello")


def test_a_missing_server_skips_the_test(supervisor: SupervisorProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CQRS_TEST_REQUIRE_SERVERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="absent is not available: not on this machine"):
        Servers(supervisor.port).need("absent")


def test_a_missing_server_fails_the_test_where_servers_are_required(
    supervisor: SupervisorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CQRS_TEST_REQUIRE_SERVERS", "1")
    with pytest.raises(pytest.fail.Exception, match="absent is not available: not on this machine"):
        Servers(supervisor.port).need("absent")
