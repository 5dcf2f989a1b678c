"""Circuits in a storage of the aiobreaker package, which is unmaintained since 2021.

Its storages are synchronous, so each decision runs in the thread of its circuit, and the event loop never waits. They
support single reads and writes but no atomic decisions. The consequences, compared with the Redis storage of this
package:

* each process sends a probe, instead of one for all processes;
* a late result of a call of another process counts like a new one;
* whole seconds: a circuit stays open up to one second longer than configured;
* three to eight round trips per call, and keys that never expire.

This module does not import aiobreaker: any object with the attributes of its ``CircuitBreakerStorage`` works.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from typing_extensions import override

from cqrs.circuit_breaker.state import CallResult, Circuit, CircuitState, Permit, Refusal, admit, settle
from cqrs.circuit_breaker.storage import CircuitStorage

if TYPE_CHECKING:
    import enum
    from collections.abc import Callable, Generator
    from concurrent.futures import Executor

    from cqrs.circuit_breaker.policy import CircuitPolicy

_patching = threading.Lock()


class BlockingStorage(Protocol):
    """The part of ``aiobreaker.storage.base.CircuitBreakerStorage`` that is used here."""

    state: enum.Enum
    opened_at: datetime | None

    @property
    def counter(self) -> int:
        """The number of consecutive failures."""
        ...

    def increment_counter(self) -> None:
        """Add one failure."""
        ...

    def reset_counter(self) -> None:
        """Set the number of failures to zero."""
        ...


class AioBreakerStorage(CircuitStorage):
    """One circuit in an aiobreaker storage. ``thread`` must have one worker, which serializes the decisions."""

    def __init__(self, storage: BlockingStorage, thread: Executor, clock: Callable[[], float]) -> None:
        self._storage = storage
        self._thread = thread
        self._clock = clock
        self._states = type(storage.state)
        self._circuit = Circuit()

    @override
    async def admit(self, policy: CircuitPolicy) -> Permit | Refusal:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._admit, policy)

    @override
    async def settle(self, policy: CircuitPolicy, permit: Permit, result: CallResult) -> CircuitState | None:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._settle, policy, permit, result)

    def _admit(self, policy: CircuitPolicy) -> Permit | Refusal:
        after, admission = admit(self._load(policy), policy, self._clock())
        self._save(after)
        return admission

    def _settle(self, policy: CircuitPolicy, permit: Permit, result: CallResult) -> CircuitState | None:
        before = self._load(policy)
        if before.state is CircuitState.CLOSED and permit.epoch == before.epoch:
            before = self._count(before, result)
        after = settle(before, policy, permit, result, self._clock())
        self._save(after)
        return after.state if after.state is not before.state else None

    def _count(self, circuit: Circuit, result: CallResult) -> Circuit:
        # Increment before reading: of two processes that fail together, the second then sees both failures.
        if result is CallResult.FAILURE:
            self._storage.increment_counter()
            return replace(circuit, failures=max(self._storage.counter - 1, 0))
        if result is CallResult.SUCCESS and self._storage.counter:
            self._storage.reset_counter()
        return circuit

    def _load(self, policy: CircuitPolicy) -> Circuit:
        state = CircuitState[self._storage.state.name]
        if state is not self._circuit.state:  # another process moved the circuit, or the storage lost its data
            self._circuit = Circuit(state, epoch=self._circuit.epoch + 1)
        if state is CircuitState.OPEN:
            opened_at = self._storage.opened_at
            open_for = 0.0 if opened_at is None else (opened_at - _utc_now()).total_seconds() + policy.timeout
            self._circuit = replace(self._circuit, until=self._clock() + open_for)
        return self._circuit

    def _save(self, after: Circuit) -> None:
        if after.state is not self._circuit.state:
            if after.state is CircuitState.OPEN:
                self._storage.opened_at = _next_whole_second(_utc_now())
            elif after.state is CircuitState.CLOSED:
                self._storage.reset_counter()
            self._storage.state = self._states[after.state.name]
        self._circuit = after


def call_storage_factory(factory: Callable[[str], Any], name: str) -> Any:
    """Call ``factory(name)``, also if it uses ``CircuitRedisStorage(state="closed", …)``.

    Every release of aiobreaker needs a ``CircuitBreakerState`` there; the string is in many copied examples.
    """
    try:
        return factory(name)
    except AttributeError as error:
        module = sys.modules.get("aiobreaker.storage.redis")
        if module is None or error.name != "name" or not isinstance(error.obj, str):
            raise
    with _state_names_accepted(module.CircuitRedisStorage):
        return factory(name)


@contextlib.contextmanager
def _state_names_accepted(storage: Any) -> Generator[None]:
    original = storage.__init__

    def init(self: Any, state: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(state, str):
            state = sys.modules["aiobreaker.state"].CircuitBreakerState[state.upper().replace("-", "_")]
        original(self, state, *args, **kwargs)

    with _patching:
        storage.__init__ = init
        try:
            yield
        finally:
            storage.__init__ = original


def _utc_now() -> datetime:
    # aiobreaker stores naive datetimes in UTC.
    return datetime.now(UTC).replace(tzinfo=None)


def _next_whole_second(moment: datetime) -> datetime:
    # The storage drops fractions of seconds; without rounding up, a circuit would close too early.
    return moment + timedelta(microseconds=-moment.microsecond % 1_000_000)
