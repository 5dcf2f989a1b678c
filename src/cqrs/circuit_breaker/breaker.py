"""The circuit breaker, which stops calling a service that keeps failing.

``cqrs.circuit_breaker.state`` has a drawing of the states; ``cqrs.circuit_breaker.storage`` has the port that stores
them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cqrs._tasks.running import context_without_turn
from cqrs.circuit_breaker.connection import CircuitConnection
from cqrs.circuit_breaker.outage import FailOpenStorage, StorageOutage
from cqrs.circuit_breaker.policy import CircuitPolicy, seconds
from cqrs.circuit_breaker.protocol import ICircuitBreaker, circuit_name
from cqrs.circuit_breaker.settings import check_settings
from cqrs.circuit_breaker.state import CallResult, CircuitState, Permit, Refusal
from cqrs.circuit_breaker.storage import MemoryCircuitStorage, default_memory_storage_factory
from cqrs.errors.requests import CircuitOpenError
from cqrs.errors.root import InvalidArgument
from cqrs.errors.wiring import CircuitBreakerSettingsError, WiringProblem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import timedelta

    from cqrs.circuit_breaker.storage import CircuitStorage

__all__ = ["LOG_LEVELS", "AioBreakerAdapter", "default_memory_storage_factory"]

logger = logging.getLogger("cqrs.adapters.circuit_breaker")  # the established path of this module: users configure it

# The log level of the line that reports that a circuit has reached a state.
LOG_LEVELS = MappingProxyType(
    {CircuitState.OPEN: logging.ERROR, CircuitState.HALF_OPEN: logging.INFO, CircuitState.CLOSED: logging.INFO}
)


class AioBreakerAdapter(ICircuitBreaker):
    """Opens a circuit after ``fail_max`` consecutive failures, and sends one probe after ``timeout_duration``.

    * Each identifier has its own circuit. A class, or a function of a module, is identified by its module and qualified
      name; anything without such a name (a closure, a partial, a method of an object) is refused: pass a string.
    * While a circuit is open, and while its probe runs, calls raise :class:`~cqrs.errors.CircuitOpenError`. A probe
      that succeeds closes the circuit; one that fails opens it again.
    * An error of a type in ``exclude`` counts as a success, because the service has answered.
    * A cancelled call does not count; after a cancelled probe the next call is the probe. A probe that still runs
      ``probe_lease`` after its start (default: ``timeout_duration``, at least 30 seconds) counts as dead, and another
      one is sent.
    * The result of a call is ignored if the circuit has changed its state since the call began.
    * ``storage_factory(name)`` builds the storage of a circuit; the default is in this process. It may block, because
      it runs in a thread. If a storage fails, or takes longer than ``storage_timeout``, calls are made without the
      breaker, and the outage is logged once.

    Tasks may share a breaker. ``clock`` returns monotonic seconds.
    """

    def __init__(  # noqa: PLR0913 - the established signature, and options with a default
        self,
        fail_max: int = 5,
        timeout_duration: float | timedelta = 60,
        exclude: Iterable[type[Exception]] | None = None,
        storage_factory: Callable[[str], Any] | None = None,
        *,
        probe_lease: float | timedelta | None = None,
        storage_timeout: float | timedelta = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        error_types = _as_tuple(exclude)
        check_settings(
            {
                "fail_max": fail_max,
                "timeout_duration": timeout_duration,
                "exclude": error_types,
                "storage_factory": storage_factory,
                "probe_lease": probe_lease,
                "storage_timeout": storage_timeout,
            }
        )
        self._policy = CircuitPolicy.of(fail_max, timeout_duration, probe_lease)
        self._exclude = error_types
        self._storage_factory = storage_factory
        self._clock = clock
        self._outage = StorageOutage(clock, seconds(storage_timeout))
        self._storages: dict[str, CircuitStorage] = {}
        self._reports: set[asyncio.Task[None]] = set()

    @override
    async def call(self, identifier: type | str, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        """Await ``func(*args, **kwargs)`` if the circuit of ``identifier`` is closed, or if this call is its probe.

        Raises what ``func`` raises, or :class:`~cqrs.errors.CircuitOpenError` without having called it. Raises
        ``InvalidArgument`` if ``func`` returns nothing awaitable; this counts neither as a success nor as a failure.
        """
        name = _circuit_name(identifier)
        permit = await self._admit(name)
        try:
            answer = func(*args, **kwargs)
            is_awaited = hasattr(answer, "__await__")
            result = await answer if is_awaited else answer
        except Exception as error:
            await self._report(
                name, permit, CallResult.SUCCESS if isinstance(error, self._exclude) else CallResult.FAILURE
            )
            raise
        except GeneratorExit:
            raise  # the coroutine is being closed and must not await any more: the lease frees a probe
        except BaseException:
            await self._report(name, permit, CallResult.ABANDONED)
            raise
        await self._report(name, permit, CallResult.SUCCESS if is_awaited else CallResult.ABANDONED)
        if not is_awaited:
            kind = type(result).__qualname__
            raise InvalidArgument("func", func, f"it returned a {kind}, and nothing to await: give an async function")
        return result

    @override
    def is_circuit_breaker_error(self, exc: Exception) -> bool:
        """Whether ``exc`` means that a circuit was open."""
        return isinstance(exc, CircuitOpenError)

    async def _admit(self, name: str) -> Permit:
        storage = self._storages.get(name)
        if storage is None:
            storage = self._storages[name] = self._new_storage(name)
        admission = await storage.admit(self._policy)
        if isinstance(admission, Refusal):
            raise CircuitOpenError(name, admission.retry_after)
        if admission.probe:
            _log_state(name, CircuitState.HALF_OPEN)
        return admission

    async def _report(self, name: str, permit: Permit, result: CallResult) -> None:
        if not permit.probe:
            if result is not CallResult.ABANDONED:
                await self._settle(name, permit, result)
            return
        # All calls wait for the result of a probe: it must be stored even if the caller is cancelled meanwhile.
        report = asyncio.create_task(self._settle(name, permit, result), context=context_without_turn())
        self._reports.add(report)
        report.add_done_callback(self._reports.discard)
        await asyncio.shield(report)

    async def _settle(self, name: str, permit: Permit, result: CallResult) -> None:
        state = await self._storages[name].settle(self._policy, permit, result)
        if state is not None:
            _log_state(name, state)

    def _new_storage(self, name: str) -> CircuitStorage:
        if self._storage_factory is None:
            return MemoryCircuitStorage(name, self._clock)
        connection = CircuitConnection(name, self._storage_factory, self._clock)
        return FailOpenStorage(name, connection, self._outage)


def _circuit_name(identifier: Any) -> str:
    name = circuit_name(identifier)
    if name:
        return name
    problem = WiringProblem(
        "identifier",
        f"{identifier!r} names no circuit of its own",
        "Pass a class or a string, the same in each process",
    )
    raise CircuitBreakerSettingsError([problem])


def _as_tuple(exclude: Any) -> tuple[type[Exception], ...]:
    if exclude is None:
        return ()
    try:
        return tuple(exclude)
    except TypeError:
        return (exclude,)  # one class in place of a list


def _log_state(name: str, state: CircuitState) -> None:
    logger.log(LOG_LEVELS[state], "The circuit of %s is now %s.", name, state.value)
