"""While the storage of circuits is away, calls are made without the breaker, and the outage is logged once."""

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
    from cqrs.circuit_breaker.state import CallResult, CircuitState, Refusal

Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)

# Seconds. During an outage one call per pause tries the storage, and all other calls skip it.
PAUSE_BETWEEN_TRIALS = 1.0

# No storage uses this epoch, so the result of an unguarded call cannot count by mistake.
UNGUARDED = Permit(epoch=-1, probe=False)


class StorageOutage:
    """Whether the storage answers. All circuits of a breaker share one, so that an outage is logged once."""

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
        """Whether to call the storage now: always while it answers, once per pause during an outage."""
        if self._next_trial is None:
            return True
        now = self._clock()
        if now < self._next_trial:
            return False
        self._next_trial = now + PAUSE_BETWEEN_TRIALS
        return True

    def count_unguarded(self) -> None:
        """Count one call that is made without the breaker."""
        self._unguarded_calls += 1

    async def ask(self, circuit: str, question: Callable[[], Awaitable[Answer]], default: Answer) -> Answer:
        """Await ``question``, a call of the storage; return ``default`` in an outage. Raises settings errors."""
        try:
            async with asyncio.timeout(self._patience):
                answer = await question()
        except CircuitBreakerSettingsError:
            raise
        except Exception as error:  # noqa: BLE001 - an error of the storage must not fail the guarded call
            reason = f"no answer within {self._patience} s" if isinstance(error, TimeoutError) else error
            self._log.failed(reason, detail=f"; seen at circuit {circuit}")
            self._next_trial = self._clock() + PAUSE_BETWEEN_TRIALS
            return default
        self._log.over(detail=f"; calls that went through unguarded: {self._unguarded_calls}")
        self._next_trial = None
        self._unguarded_calls = 0
        return answer


class FailOpenStorage(CircuitStorage):
    """Wraps a storage, which it opens at the first call, and hides its outages from the caller."""

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
    async def settle(self, policy: CircuitPolicy, permit: Permit, result: CallResult) -> CircuitState | None:
        async def question() -> CircuitState | None:
            return await (await self._connect()).settle(policy, permit, result)

        if permit is UNGUARDED or not self._outage.may_ask():
            return None
        return await self._outage.ask(self._name, question, None)
