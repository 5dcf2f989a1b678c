"""The service and the helpers of the circuit breaker suite."""
# ruff: noqa: S101 - assert is how a suite checks

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from cqrs.errors.requests import CircuitOpenError

if TYPE_CHECKING:
    from cqrs.circuit_breaker.protocol import ICircuitBreaker

TIMEOUT = 60.0


class BreakerSource(Protocol):
    """The part of a ``CircuitBackend`` that is used here."""

    def breaker(self, *, fail_max: int, timeout_duration: float, exclude: list[type[Exception]]) -> ICircuitBreaker: ...
    async def advance(self, seconds: float) -> None: ...


class Refused(Exception):
    """A business error, which breakers exclude: the service works and refuses the request."""


class Service:
    """The service behind the breaker: counts its calls, which end as and when the test decides."""

    def __init__(self) -> None:
        self.calls = 0
        self._end: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def works(self) -> str:
        self.calls += 1
        return "done"

    async def fails(self) -> None:
        self.calls += 1
        raise ConnectionError

    async def refuses(self) -> None:
        self.calls += 1
        raise Refused

    async def waits(self) -> Any:
        """Wait until :meth:`succeed` or :meth:`fail` is called."""
        self.calls += 1
        return await self._end

    def succeed(self) -> None:
        """Let the waiting calls return."""
        self._end.set_result("done")

    def fail(self) -> None:
        """Let the waiting calls raise ``ConnectionError``."""
        self._end.set_exception(ConnectionError())


class Stand:
    """A service, its circuit, and a breaker; ``another()`` makes a breaker as another process would."""

    def __init__(self, backend: BreakerSource, fail_max: int) -> None:
        self._backend = backend
        self._fail_max = fail_max
        self.name = f"conformance-{uuid.uuid4()}"
        self.service = Service()
        self.breaker = self.another()

    def another(self) -> ICircuitBreaker:
        return self._backend.breaker(fail_max=self._fail_max, timeout_duration=TIMEOUT, exclude=[Refused])

    async def fail(self, times: int = 1) -> None:
        for _ in range(times):
            with pytest.raises(ConnectionError):
                await self.breaker.call(self.name, self.service.fails)

    async def refused(self, breaker: ICircuitBreaker | None = None) -> bool:
        """Whether the breaker refuses one more call, which would succeed."""
        calls = self.service.calls
        try:
            await (breaker or self.breaker).call(self.name, self.service.works)
        except CircuitOpenError:
            assert self.service.calls == calls
            return True
        assert self.service.calls == calls + 1
        return False

    async def start(self, service: Service, breaker: ICircuitBreaker | None = None) -> asyncio.Task[Any]:
        """Begin a call that lasts until the test ends it; returns when it has reached the service or was refused."""
        reached = asyncio.Event()

        async def func() -> Any:
            reached.set()
            return await service.waits()

        call = asyncio.create_task((breaker or self.breaker).call(self.name, func))
        waiting = asyncio.create_task(reached.wait())
        await asyncio.wait({call, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        return call


async def time_out(backend: BreakerSource) -> None:
    """Let the timeout of every circuit pass, and the lease of every probe."""
    # One second more: some stores keep whole seconds.
    await backend.advance(TIMEOUT + 1)


async def cancel(call: asyncio.Task[Any]) -> None:
    """Cancel a running call and wait until it has ended."""
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
