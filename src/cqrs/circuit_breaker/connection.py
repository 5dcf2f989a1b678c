"""Opens the storage of a circuit at its first call, off the event loop, whatever kind of storage it is."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from cqrs.circuit_breaker.aiobreaker import AioBreakerStorage, call_storage_factory
from cqrs.errors.wiring import CircuitBreakerSettingsError, WiringProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.circuit_breaker.storage import CircuitStorage

# A server that is away raises none of these, and none of these heals by waiting.
_MISTAKES = (TypeError, AttributeError, NameError, LookupError, ImportError, ValueError)


class CircuitConnection:
    """The way to the storage that ``factory(name)`` builds; the factory may block, and it is called until it succeeds.

    The thread of the connection belongs to one circuit, so that a server that never answers holds up no other work.
    """

    def __init__(self, name: str, factory: Callable[[str], Any], clock: Callable[[], float]) -> None:
        self._name = name
        self._factory = factory
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"circuit {name}")
        self._storage: CircuitStorage | None = None

    async def __call__(self) -> CircuitStorage:
        """Return the storage, opened before or now."""
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
