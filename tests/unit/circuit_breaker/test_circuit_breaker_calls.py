from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from cqrs.circuit_breaker.breaker import AioBreakerAdapter, default_memory_storage_factory
from cqrs.circuit_breaker.protocol import ICircuitBreaker, should_use_fallback
from cqrs.errors import CircuitBreakerSettingsError, CircuitOpenError, InvalidArgument
from cqrs.testing.clock import ManualClock


class OutOfStock(Exception):
    pass


class NothingLeft(OutOfStock):
    pass


async def fail(error: BaseException | None = None) -> None:
    raise error or ConnectionError("no route")


async def work() -> str:
    return "done"


async def open_circuit(breaker: AioBreakerAdapter, identifier: type | str) -> None:
    with pytest.raises(ConnectionError):
        await breaker.call(identifier, fail)


def handler_of(module: str) -> type:
    return type("PlaceOrderHandler", (), {"__module__": module})


async def test_classes_of_one_name_in_two_modules_have_circuits_of_their_own() -> None:
    breaker = AioBreakerAdapter(fail_max=1)
    await open_circuit(breaker, handler_of("shop.orders"))
    assert await breaker.call(handler_of("shop.returns"), work) == "done"


async def test_a_class_and_its_full_name_are_one_circuit() -> None:
    breaker = AioBreakerAdapter(fail_max=1)
    await open_circuit(breaker, handler_of("shop.orders"))
    with pytest.raises(CircuitOpenError) as refusal:
        await breaker.call("shop.orders.PlaceOrderHandler", work)
    assert refusal.value.identifier == "shop.orders.PlaceOrderHandler"


async def test_an_identifier_that_names_nothing_is_explained() -> None:
    identifier: Any = 42
    with pytest.raises(CircuitBreakerSettingsError, match="Pass a class or a string"):
        await AioBreakerAdapter().call(identifier, work)


@pytest.mark.parametrize("duration", [2, 2.0, timedelta(seconds=2)])
async def test_timeout_may_be_a_number_or_a_timedelta(duration: float | timedelta) -> None:
    clock = ManualClock()
    breaker = AioBreakerAdapter(fail_max=1, timeout_duration=duration, clock=clock)
    await open_circuit(breaker, "x")
    clock.advance(1.5)
    with pytest.raises(CircuitOpenError) as refusal:
        await breaker.call("x", work)
    assert refusal.value.retry_after == pytest.approx(0.5)
    clock.advance(0.5)
    assert await breaker.call("x", work) == "done"


async def test_the_default_storage_can_be_named() -> None:
    breaker = AioBreakerAdapter(fail_max=1, storage_factory=default_memory_storage_factory)
    await open_circuit(breaker, "x")
    with pytest.raises(CircuitOpenError):
        await breaker.call("x", work)


@pytest.mark.parametrize("exclude", [[OutOfStock], (OutOfStock,), {OutOfStock}, OutOfStock])
async def test_excluded_errors_and_their_subclasses_never_open_the_circuit(exclude: Any) -> None:
    breaker = AioBreakerAdapter(fail_max=1, exclude=exclude)
    for error in (OutOfStock(), NothingLeft()):
        with pytest.raises(OutOfStock):
            await breaker.call("x", fail, error)
    assert await breaker.call("x", work) == "done"


async def test_an_open_circuit_further_down_counts_as_a_failure() -> None:
    outer, inner = AioBreakerAdapter(fail_max=1), AioBreakerAdapter(fail_max=1)
    await open_circuit(inner, "x")
    with pytest.raises(CircuitOpenError) as refusal:
        await outer.call("y", inner.call, "x", work)
    assert refusal.value.identifier == "x"
    with pytest.raises(CircuitOpenError) as refusal:
        await outer.call("y", work)
    assert refusal.value.identifier == "y"


async def test_refusal_while_a_probe_is_under_way_does_not_promise_a_time() -> None:
    clock = ManualClock()
    breaker = AioBreakerAdapter(fail_max=1, timeout_duration=1, clock=clock)
    await open_circuit(breaker, "x")
    clock.advance(1)
    finish = asyncio.Event()
    probe = asyncio.create_task(breaker.call("x", finish.wait))
    await asyncio.sleep(0)
    with pytest.raises(CircuitOpenError) as refusal:
        await breaker.call("x", work)
    assert refusal.value.retry_after is None
    finish.set()
    assert await probe


class Shutdown(BaseException):
    pass


async def test_a_probe_that_ends_with_no_exception_of_the_program_makes_room_for_the_next() -> None:
    clock = ManualClock()
    breaker = AioBreakerAdapter(fail_max=1, timeout_duration=1, clock=clock)
    await open_circuit(breaker, "x")
    clock.advance(1)
    with pytest.raises(Shutdown):
        await breaker.call("x", fail, Shutdown())
    assert await breaker.call("x", work) == "done"


async def test_a_probe_whose_coroutine_is_thrown_away_ends_quietly_and_leaves_its_lease() -> None:
    clock = ManualClock()
    breaker = AioBreakerAdapter(fail_max=1, timeout_duration=1, probe_lease=5, clock=clock)
    await open_circuit(breaker, "x")
    clock.advance(1)
    dropped = breaker.call("x", asyncio.Event().wait)
    dropped.send(None)
    dropped.close()
    with pytest.raises(CircuitOpenError):
        await breaker.call("x", work)
    clock.advance(5)
    assert await breaker.call("x", work) == "done"


async def test_two_breakers_do_not_share_circuits_in_memory() -> None:
    await open_circuit(AioBreakerAdapter(fail_max=1), "x")
    assert await AioBreakerAdapter(fail_max=1).call("x", work) == "done"


async def test_breaker_is_a_port_that_fallbacks_take() -> None:
    breaker: ICircuitBreaker = AioBreakerAdapter(fail_max=1)
    await open_circuit(AioBreakerAdapter(fail_max=1), "x")
    assert should_use_fallback(CircuitOpenError("x"), breaker, failure_exceptions=(TimeoutError,))
    assert not should_use_fallback(ConnectionError(), breaker, failure_exceptions=(TimeoutError,))


async def test_a_function_that_is_not_async_is_refused_and_counts_neither_way() -> None:
    breaker = AioBreakerAdapter(fail_max=1)
    for _ in range(3):
        with pytest.raises(
            InvalidArgument, match=r"func=.*returned a int, and nothing to await: give an async function"
        ):
            await breaker.call("bank", lambda: 1)  # type: ignore[arg-type, return-value]

    async def answered() -> int:
        return 7

    assert await breaker.call("bank", lambda: answered()) == 7  # noqa: PLW0108  # no async function, and awaitable
