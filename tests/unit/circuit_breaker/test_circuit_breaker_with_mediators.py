"""The breaker where handlers use it: between a primary handler and its stand-in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

import cqrs
from cqrs.circuit_breaker.breaker import AioBreakerAdapter
from cqrs.circuit_breaker.storage import MemoryCircuitStorage
from cqrs.requests import bootstrap
from cqrs.testing.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cqrs.circuit_breaker.policy import CircuitPolicy
    from cqrs.circuit_breaker.state import CallResult, CircuitState, Permit


class Price(cqrs.Response):
    source: str


class GetPrice(cqrs.Request):
    pass


class FromService(cqrs.RequestHandler[GetPrice, Price]):
    calls: ClassVar[list[str]]

    async def handle(self, request: GetPrice) -> Price:
        self.calls.append("service")
        raise ConnectionError


class FromCache(cqrs.RequestHandler[GetPrice, Price]):
    async def handle(self, request: GetPrice) -> Price:
        return Price(source="cache")


class WatchPrice(cqrs.Request):
    pass


class WatchService(cqrs.StreamingRequestHandler[WatchPrice, Price]):
    healthy: ClassVar[bool]

    async def handle(self, request: WatchPrice) -> AsyncIterator[Price]:
        if not self.healthy:
            raise ConnectionError
        yield Price(source="service")
        await asyncio.sleep(0)
        yield Price(source="service")


class WatchCache(cqrs.StreamingRequestHandler[WatchPrice, Price]):
    async def handle(self, request: WatchPrice) -> AsyncIterator[Price]:
        yield Price(source="cache")


class SlowStorage(MemoryCircuitStorage):
    """Suspends in every step, as a storage on another machine does."""

    async def settle(self, policy: CircuitPolicy, permit: Permit, result: CallResult) -> CircuitState | None:
        await asyncio.sleep(0)
        return await super().settle(policy, permit, result)


async def test_an_open_circuit_goes_straight_to_the_stand_in() -> None:
    FromService.calls = []
    fallback = cqrs.RequestHandlerFallback(
        primary=FromService,
        fallback=FromCache,
        failure_exceptions=(ConnectionError,),
        circuit_breaker=AioBreakerAdapter(fail_max=2),
    )
    mediator = bootstrap.bootstrap(queries_mapper=lambda mapper: mapper.bind(GetPrice, fallback))
    for _ in range(4):
        assert (await mediator.send(GetPrice())).source == "cache"
    assert FromService.calls == ["service"] * 2


def streams(clock: ManualClock) -> Any:
    breaker = AioBreakerAdapter(
        fail_max=1,
        timeout_duration=1,
        storage_factory=lambda name: SlowStorage(name, clock),
        storage_timeout=60,
        clock=clock,
    )
    fallback = cqrs.RequestHandlerFallback(primary=WatchService, fallback=WatchCache, circuit_breaker=breaker)
    return bootstrap.bootstrap_streaming(queries_mapper=lambda mapper: mapper.bind(WatchPrice, fallback))


async def sources(mediator: Any) -> list[str]:
    return [price.source async for price in mediator.stream(WatchPrice())]


async def test_a_stream_that_its_reader_closes_frees_its_probe() -> None:
    clock = ManualClock()
    mediator = streams(clock)
    WatchService.healthy = False
    assert await sources(mediator) == ["cache"]
    WatchService.healthy = True
    assert await sources(mediator) == ["cache"]  # the circuit is open
    clock.advance(1)
    probe = mediator.stream(WatchPrice())
    assert (await anext(probe)).source == "service"
    assert await sources(mediator) == ["cache"]  # one probe at a time
    await probe.aclose()
    assert await sources(mediator) == ["service", "service"]
    assert await sources(mediator) == ["service", "service"]  # the circuit is closed
