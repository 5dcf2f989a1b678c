"""Open the storage of a circuit at its first call, in a thread, for each kind of storage."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from cqrs.circuit_breaker.aiobreaker import AioBreakerStorage, call_storage_factory
from cqrs.errors.wiring import CircuitBreakerSettingsError, WiringProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.circuit_breaker.storage import CircuitStorage

# Mistakes in the factory: an outage of a server raises none of these, and waiting does not help.
_MISTAKES = (TypeError, AttributeError, NameError, LookupError, ImportError, ValueError)


class CircuitConnection:
    """Opens the storage that ``factory(name)`` builds; calls the factory, which may block, until it succeeds.

    Each circuit has its own thread, so that a server that never answers delays no other circuit.
    """

    def __init__(self, name: str, factory: Callable[[str], Any], clock: Callable[[], float]) -> None:
        self._name = name
        self._factory = factory
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"circuit {name}")
        self._storage: CircuitStorage | None = None

    async def __call__(self) -> CircuitStorage:
        """Return the storage, opened if necessary."""
        if self._storage is None:
            storage = await asyncio.get_running_loop().run_in_executor(self._thread, self._open)
            if not isinstance(storage, AioBreakerStorage):
                self._thread.shutdown(wait=False)
            return storage
        return self._storage

    def _open(self) -> CircuitStorage:
        if self._storage is None:
            try:
                built = call_storage_factory(self._factory, self._name)
            except _MISTAKES as error:
                raise _unusable(f"it raised {type(error).__name__}: {error}") from error
            self._storage = self._adapt(built)
        return self._storage

    def _adapt(self, built: Any) -> CircuitStorage:
        if callable(getattr(built, "admit", None)) and callable(getattr(built, "settle", None)):
            storage: CircuitStorage = built
            return storage
        if callable(getattr(built, "increment_counter", None)):
            return AioBreakerStorage(built, self._thread, self._clock)
        raise _unusable(f"it returned {type(built).__name__}, which is no storage of circuits")


def _unusable(problem: str) -> CircuitBreakerSettingsError:
    remedy = (
        "Return an object with admit() and settle(), as cqrs.circuit_breaker.redis does, or a storage of aiobreaker"
    )
    return CircuitBreakerSettingsError([WiringProblem("storage_factory", problem, remedy)])
