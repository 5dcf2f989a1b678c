"""While the storage of the circuits is away, calls go through unguarded, and the outage is logged once."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeVar

from typing_extensions import override

from cqrs._logging.outages import OutageLog
from cqrs.circuit_breaker.state import Permit
from cqrs.circuit_breaker.storage import CircuitStorage
from cqrs.errors.wiring import CircuitBreakerSettingsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs.circuit_breaker.policy import CircuitPolicy
    from cqrs.circuit_breaker.state import CircuitState, Outcome, Refusal

Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)

# While the storage is away it is asked this often, by one call, and all other calls do not wait for it.
PAUSE_BETWEEN_TRIALS = 1.0

# No storage ever hands out this epoch, so nothing that was let through unguarded can be settled by mistake.
UNGUARDED = Permit(epoch=-1, probe=False)


class StorageOutage:
    """Whether the storage answers; one for all circuits of a breaker, so that an outage is reported once."""

    def __init__(self, clock: Callable[[], float], patience: float) -> None:
        self._clock = clock
        self._patience = patience
        self._next_trial: float | None = None
        self._unguarded_calls = 0
        self._log = OutageLog(
            "The circuit storage",
            fails="does not answer, calls go through unguarded",
            recovers="answers again",
            logger=logger,
            level=logging.ERROR,
            clock=clock,
        )

    def may_ask(self) -> bool:
        """Whether to ask the storage now: always while it answers, else once per pause."""
        if self._next_trial is None:
            return True
        now = self._clock()
        if now < self._next_trial:
            return False
        self._next_trial = now + PAUSE_BETWEEN_TRIALS
        return True

    def count_unguarded(self) -> None:
        """Count one call that goes through without a decision."""
        self._unguarded_calls += 1

    async def ask(self, circuit: str, question: Callable[[], Awaitable[Answer]], default: Answer) -> Answer:
        """Put ``question`` to the storage; ``default`` if it is away. A mistake in the settings is raised."""
        try:
            async with asyncio.timeout(self._patience):
                answer = await question()
        except CircuitBreakerSettingsError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a storage raises, the call it guards goes on
            reason = f"no answer within {self._patience} s" if isinstance(error, TimeoutError) else error
            self._log.failed(reason, detail=f"; seen at circuit {circuit}")
            self._next_trial = self._clock() + PAUSE_BETWEEN_TRIALS
            return default
        self._log.over(detail=f"; calls that went through unguarded: {self._unguarded_calls}")
        self._next_trial = None
        self._unguarded_calls = 0
        return answer


class FailOpenStorage(CircuitStorage):
    """Another storage, opened at the first call, whose outages never reach the caller."""

    def __init__(self, name: str, connect: Callable[[], Awaitable[CircuitStorage]], outage: StorageOutage) -> None:
        self._name = name
        self._connect = connect
        self._outage = outage

    @override
    async def admit(self, policy: CircuitPolicy) -> Permit | Refusal:
        async def question() -> Permit | Refusal:
            return await (await self._connect()).admit(policy)

        admission: Permit | Refusal = UNGUARDED
        if self._outage.may_ask():
            admission = await self._outage.ask(self._name, question, UNGUARDED)
        if admission is UNGUARDED:
            self._outage.count_unguarded()
        return admission

    @override
    async def settle(self, policy: CircuitPolicy, permit: Permit, outcome: Outcome) -> CircuitState | None:
        async def question() -> CircuitState | None:
            return await (await self._connect()).settle(policy, permit, outcome)

        if permit is UNGUARDED or not self._outage.may_ask():
            return None
        return await self._outage.ask(self._name, question, None)
