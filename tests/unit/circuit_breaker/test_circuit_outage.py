from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest

from cqrs.circuit_breaker.breaker import AioBreakerAdapter
from cqrs.circuit_breaker.outage import PAUSE_BETWEEN_TRIALS
from cqrs.circuit_breaker.storage import MemoryCircuitStorage
from cqrs.errors import CircuitBreakerSettingsError, CircuitOpenError
from cqrs.testing.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqrs.circuit_breaker.policy import CircuitPolicy
    from cqrs.circuit_breaker.state import CallResult, CircuitState, Permit, Refusal


class StorageAway(Exception):
    pass


class Server:
    """A store that can be taken away: it then raises, or does not answer at all."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.away = False
        self.answers = asyncio.Event()
        self.answers.set()
        self.asked = 0
        self.hears = asyncio.Event()

    async def answer(self) -> None:
        self.asked += 1
        self.hears.set()
        await self.answers.wait()
        if self.away:
            raise StorageAway("nobody there")

    def connect(self, name: str) -> RemoteStorage:
        return RemoteStorage(name, self)

    def breaker(self, **settings: Any) -> AioBreakerAdapter:
        return AioBreakerAdapter(fail_max=1, storage_factory=self.connect, clock=self.clock, **settings)


class RemoteStorage(MemoryCircuitStorage):
    def __init__(self, name: str, server: Server) -> None:
        super().__init__(name, server.clock)
        self._server = server

    async def admit(self, policy: CircuitPolicy) -> Permit | Refusal:
        await self._server.answer()
        return await super().admit(policy)

    async def settle(self, policy: CircuitPolicy, permit: Permit, result: CallResult) -> CircuitState | None:
        await self._server.answer()
        return await super().settle(policy, permit, result)


async def fail() -> None:
    raise ConnectionError


async def work() -> str:
    return "done"


@pytest.fixture
def server() -> Server:
    return Server()


class OutageLog(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelname, record.getMessage()))


@pytest.fixture
def log() -> Iterator[OutageLog]:
    handler = OutageLog()
    logger = logging.getLogger("cqrs.circuit_breaker.outage")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


async def test_calls_go_through_while_the_storage_is_away_even_if_the_circuit_was_open(server: Server) -> None:
    breaker = server.breaker()
    with pytest.raises(ConnectionError):
        await breaker.call("x", fail)
    server.away = True
    assert await breaker.call("x", work) == "done"
    for _ in range(3):
        with pytest.raises(ConnectionError):
            await breaker.call("x", fail)


async def test_an_outage_is_reported_once_for_all_circuits(server: Server, log: OutageLog) -> None:
    breaker = server.breaker()
    server.away = True
    for name in ("x", "y", "x"):
        assert await breaker.call(name, work) == "done"
        server.clock.advance(PAUSE_BETWEEN_TRIALS)
    server.away = False
    await breaker.call("y", work)
    away = "The circuit storage does not answer, calls go through unguarded: StorageAway('nobody there')"
    back = "The circuit storage answers again after 3 failed attempts in 3.0 s; calls that went through unguarded: 3"
    assert log.lines == [("ERROR", f"{away}; seen at circuit x"), ("WARNING", back)]


async def test_a_second_outage_is_reported_again(server: Server, log: OutageLog) -> None:
    breaker = server.breaker()
    for _ in range(2):
        server.away = True
        await breaker.call("x", work)
        server.away = False
        server.clock.advance(PAUSE_BETWEEN_TRIALS)
        await breaker.call("x", work)
    assert [level for level, _ in log.lines] == ["ERROR", "WARNING"] * 2
    back = "The circuit storage answers again after 1 failed attempt in 1.0 s; calls that went through unguarded: 1"
    assert log.lines[1] == log.lines[3] == ("WARNING", back)


async def test_a_storage_that_is_away_is_asked_once_per_pause(server: Server) -> None:
    breaker = server.breaker()
    server.away = True
    for _ in range(10):
        await breaker.call("x", work)
    assert server.asked == 1
    server.clock.advance(PAUSE_BETWEEN_TRIALS)
    await asyncio.gather(*(breaker.call("x", work) for _ in range(10)))
    assert server.asked == 2


async def test_a_storage_that_is_back_guards_again(server: Server) -> None:
    breaker = server.breaker()
    server.away = True
    await breaker.call("x", work)
    server.away = False
    server.clock.advance(PAUSE_BETWEEN_TRIALS)
    with pytest.raises(ConnectionError):
        await breaker.call("x", fail)
    with pytest.raises(CircuitOpenError):
        await breaker.call("x", work)


async def test_a_storage_that_does_not_answer_counts_as_away(server: Server, log: OutageLog) -> None:
    server.answers.clear()
    assert await server.breaker(storage_timeout=0.01).call("x", work) == "done"
    assert "no answer within 0.01 s" in log.lines[0][1]


async def test_a_storage_that_goes_away_during_the_call_does_not_spoil_it(server: Server) -> None:
    async def work_while_it_goes() -> str:
        server.away = True
        return "done"

    assert await server.breaker().call("x", work_while_it_goes) == "done"


async def test_a_storage_that_cannot_be_opened_is_an_outage_and_is_tried_again(log: OutageLog) -> None:
    clock, refusals = ManualClock(), [ConnectionRefusedError("port 6379")]

    def factory(name: str) -> MemoryCircuitStorage:
        if refusals:
            raise refusals.pop()
        return MemoryCircuitStorage(name, clock)

    breaker = AioBreakerAdapter(fail_max=1, storage_factory=factory, clock=clock)
    assert await breaker.call("x", work) == "done"
    clock.advance(PAUSE_BETWEEN_TRIALS)
    with pytest.raises(ConnectionError):
        await breaker.call("x", fail)
    with pytest.raises(CircuitOpenError):
        await breaker.call("x", work)
    assert [level for level, _ in log.lines] == ["ERROR", "WARNING"]


def _raises(name: str) -> object:
    raise TypeError("from_url() takes no port")


@pytest.mark.parametrize(
    ("factory", "problem"),
    [
        (_raises, r"it raised TypeError: from_url\(\) takes no port"),
        (lambda name: {name: None}, "it returned dict, which is no storage of circuits"),
    ],
)
async def test_a_mistake_in_the_factory_is_no_outage(factory: Any, problem: str) -> None:
    with pytest.raises(CircuitBreakerSettingsError, match=problem):
        await AioBreakerAdapter(storage_factory=factory).call("x", work)


async def test_calls_do_not_wait_while_another_one_tries_the_storage(server: Server) -> None:
    breaker = server.breaker(storage_timeout=60)
    server.away = True
    await breaker.call("x", work)
    server.clock.advance(PAUSE_BETWEEN_TRIALS)
    server.answers.clear()
    server.hears.clear()
    trial = asyncio.create_task(breaker.call("x", work))
    await server.hears.wait()
    assert await breaker.call("x", work) == "done"
    assert not trial.done()
    server.answers.set()
    assert await trial == "done"


async def test_a_call_that_went_through_unguarded_reports_nothing(server: Server) -> None:
    async def work_until_the_storage_is_back() -> None:
        server.away = False
        server.clock.advance(PAUSE_BETWEEN_TRIALS)

    server.away = True
    await server.breaker().call("x", work_until_the_storage_is_back)
    assert server.asked == 1


async def test_tasks_that_come_first_together_share_one_storage() -> None:
    built: list[str] = []
    all_wait = threading.Event()

    def factory(name: str) -> MemoryCircuitStorage:
        all_wait.wait()
        built.append(name)
        return MemoryCircuitStorage(name)

    breaker = AioBreakerAdapter(storage_factory=factory, storage_timeout=60)
    calls = [asyncio.create_task(breaker.call("x", work)) for _ in range(10)]
    await asyncio.sleep(0)
    all_wait.set()
    await asyncio.gather(*calls)
    assert built == ["x"]


async def test_opening_an_asynchronous_storage_leaves_no_thread_behind(server: Server) -> None:
    breaker = server.breaker()
    await breaker.call("no thread", work)
    for thread in threading.enumerate():
        if thread.name.startswith("circuit no thread"):
            thread.join(20)
            assert not thread.is_alive()


async def test_outcome_of_a_probe_arrives_although_the_caller_is_cancelled_again(server: Server) -> None:
    breaker = server.breaker(timeout_duration=1, storage_timeout=60)
    with pytest.raises(ConnectionError):
        await breaker.call("x", fail)
    server.clock.advance(1)
    started = asyncio.Event()

    async def probe() -> None:
        started.set()
        await asyncio.Event().wait()

    call = asyncio.create_task(breaker.call("x", probe))
    await started.wait()
    server.answers.clear()
    call.cancel()
    await asyncio.sleep(0)
    assert not call.done()  # the report is on its way, and the caller waits for it
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    server.answers.set()
    await asyncio.gather(*breaker._reports)
    assert await breaker.call("x", work) == "done"
