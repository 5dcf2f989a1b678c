from __future__ import annotations

import logging

import pytest

from cqrs.adapters.circuit_breaker import LOG_LEVELS, AioBreakerAdapter
from cqrs.circuit_breaker.state import CircuitState
from cqrs.testing.clock import ManualClock

Line = tuple[int, str]


async def echo(secret: str) -> str:
    return secret


async def fail(secret: str) -> None:
    raise ConnectionError(secret)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def breaker(clock: ManualClock) -> AioBreakerAdapter:
    return AioBreakerAdapter(fail_max=2, timeout_duration=1, clock=clock)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, logger="cqrs")
    return caplog


def lines(log: pytest.LogCaptureFixture) -> list[Line]:
    return [(record.levelno, record.getMessage()) for record in log.records]


async def fails(breaker: AioBreakerAdapter, times: int) -> None:
    for _ in range(times):
        with pytest.raises(ConnectionError):
            await breaker.call("billing", fail, "4111 1111 1111 1111")


async def test_each_change_of_state_is_logged_once(
    breaker: AioBreakerAdapter, clock: ManualClock, log: pytest.LogCaptureFixture
) -> None:
    await fails(breaker, times=2)
    clock.advance(1)
    await fails(breaker, times=1)
    clock.advance(1)
    await breaker.call("billing", echo, "4111 1111 1111 1111")
    assert lines(log) == [
        (logging.ERROR, "The circuit of billing is now open."),
        (logging.INFO, "The circuit of billing is now half_open."),
        (logging.ERROR, "The circuit of billing is now open."),
        (logging.INFO, "The circuit of billing is now half_open."),
        (logging.INFO, "The circuit of billing is now closed."),
    ]


async def test_calls_that_move_nothing_leave_no_line(breaker: AioBreakerAdapter, log: pytest.LogCaptureFixture) -> None:
    await breaker.call("billing", echo, "4111 1111 1111 1111")
    await fails(breaker, times=1)
    assert lines(log) == []


def test_every_state_has_a_level() -> None:
    assert set(LOG_LEVELS) == set(CircuitState)


async def test_changes_go_to_the_logger_that_the_documentation_names(
    breaker: AioBreakerAdapter, log: pytest.LogCaptureFixture
) -> None:
    await fails(breaker, times=2)
    assert {record.name for record in log.records} == {"cqrs.adapters.circuit_breaker"}
