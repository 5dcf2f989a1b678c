"""How a relay sends messages to a broker, and finds out whether a failure is the fault of messages or of the broker.

The states of the broker are drawn in :mod:`cqrs.workers.relay.broker_state`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import random
import time
from typing import TYPE_CHECKING, Generic

from cqrs.workers.relay.broker_state import PROBE_SIZE, BrokerHealth, BrokerState
from cqrs.workers.relay.failures import FailureHistory, is_no_answer, is_one_error_for_all, may_be_connection_loss
from cqrs.workers.relay.fault_search import FaultSearch, TryResult
from cqrs.workers.relay.messages import M, SendResult, key_of
from cqrs.workers.relay.pipeline import Pipeline
from cqrs.workers.relay.policy import Verdict
from cqrs.workers.relay.selection import different_topics, end_with_own_keys, first_of_each_key, part_suspects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.workers.relay.policy import RelayPolicy

    SecondsFor = Callable[[Sequence[M]], float]
    """The seconds that are left for sending these messages; 0 to send none of them."""

_LONGEST_PAUSE = 0.2  # seconds, while a batch is split
_MOST_SAMPLES = 16


class MessageSender(Generic[M]):
    """Sends the messages of a relay; ``in_order`` also keeps the order of different keys while nothing fails."""

    def __init__(self, broker: MessageBroker, policy: RelayPolicy, *, in_order: bool = False) -> None:
        self._policy = policy
        self._in_order = in_order
        self._health = BrokerHealth()
        self._pipeline = Pipeline(broker, policy.batch_size, policy.lease)
        self._history: FailureHistory[M] = FailureHistory(policy, 1 if in_order else policy.attempts)

    @property
    def is_away(self) -> bool:
        """Whether the broker accepts nothing now."""
        return self._health.state is BrokerState.AWAY

    @property
    def limit(self) -> int:
        """How many messages to take next."""
        return self._health.batch_limit(self._pipeline.batch_limit)

    async def send(self, messages: Sequence[M], seconds_for: SecondsFor[M]) -> SendResult[M]:
        """Send what can be sent; each message is tried again only to find out which one is at fault."""
        attempt: _Attempt[M] = _Attempt(len(messages) > 1)
        return await (self._probe if self.is_away else self._send_all)(messages, seconds_for, attempt)

    async def _send_all(self, messages: Sequence[M], seconds_for: SecondsFor[M], attempt: _Attempt[M]) -> SendResult[M]:
        ready, suspects = part_suspects(messages, () if self._in_order else self._history.suspects)
        samples = end_with_own_keys(ready, min(_MOST_SAMPLES, max(0, len(suspects) - 1)))
        search = FaultSearch(
            ready[: len(ready) - len(samples)],
            suspects,
            key_of,
            samples=samples,
            last_succeeded=self._health.take_probe_sent(),
        )
        split_until = time.monotonic() + self._policy.lease / 4
        while group := search.next_group():
            seconds = seconds_for(group)
            if seconds <= 0 or (attempt.errors and time.monotonic() > split_until):
                break
            is_first_failure = not search.next_is_suspect and self._health.state is BrokerState.WORKING
            limit = seconds if is_first_failure else self._pipeline.shortened(seconds, len(group))
            if not await self._try(search, group, limit, attempt):
                continue
            if is_first_failure or search.is_hopeless:
                break
            if search.failures > 1:
                await asyncio.sleep(min(_LONGEST_PAUSE, self._policy.outage_backoff.seconds(search.failures - 1)))
        return await self._judge(search, attempt)

    async def _judge(self, search: FaultSearch[M], attempt: _Attempt[M]) -> SendResult[M]:
        """Tell faults of messages from an outage of the broker."""
        result, errors = attempt.result, attempt.errors
        unexplained, at_fault = search.unexplained(), search.at_fault
        if unexplained and search.only_failed_singles_are_left and await self._fail_repeatedly(unexplained, attempt):
            at_fault, unexplained = [*at_fault, *unexplained], []
        result.at_fault += self._history.faults(at_fault, errors)
        self._history.forget_old()
        failed = [message for message in unexplained if message.id in errors]
        self._history.suspects.update(message.id for message in failed)
        if failed and not search.last_succeeded:
            result.outage, result.first = errors[failed[-1].id], failed[0]
            self._health.nothing_sent()
        return result

    async def _probe(self, messages: Sequence[M], seconds_for: SecondsFor[M], attempt: _Attempt[M]) -> SendResult[M]:
        """Send a few messages, chosen from all keys and topics, and one by itself: other ones each time.

        If no order is to be kept, that one goes first every other time: a message among the few that is at fault may
        take the broker away from what is sent right after it.
        """
        result, errors = attempt.result, attempt.errors
        heads = first_of_each_key(messages)
        chosen = heads[:PROBE_SIZE] if self._in_order else self._choose(heads)
        others = heads if self._in_order else chosen
        one = [random.choice(others)] if len(chosen) > 1 else []  # noqa: S311  # so that no two failures keep in step
        one_first = self._health.failed_probes % 2 and not self._in_order
        for group in filter(None, (one, chosen) if one_first else (chosen, one)):
            seconds = seconds_for(group)
            if seconds <= 0:
                break
            search = FaultSearch(group, (), key_of)
            seconds = self._pipeline.shortened(seconds, len(group))
            has_failed = await self._try(search, search.next_group(), seconds, attempt)
            at_fault = search.at_fault
            if has_failed and len(group) == 1 and await self._fail_repeatedly([*chosen, *group], attempt):
                at_fault = [*at_fault, *group]
            result.at_fault += self._history.faults(at_fault, errors)
            self._health.probe_sent = search.last_succeeded
            if result.sent or not has_failed:
                self._history.suspects.update(message.id for message in search.unexplained())
                self._health.probe_ended()
                return result
        if errors:
            self._health.probe_failed()
            result.outage, result.first = next(iter(errors.values())), messages[0]
        elif not messages:
            self._health.probe_ended()
        return result

    def _choose(self, heads: list[M]) -> list[M]:
        suspects = self._history.suspects
        return different_topics(
            heads, PROBE_SIZE, self._health.failed_probes, lambda m: bool(m.attempts) or m.id in suspects
        )

    async def _try(self, search: FaultSearch[M], group: Sequence[M], seconds: float, attempt: _Attempt[M]) -> bool:
        """Send ``group``, the next one of ``search``; returns whether there is a failure that nothing explains."""
        answer = await self._pipeline.send([message.envelope for message in group], seconds)
        # An error that was raised, or that is the same for all, does not show which message it is about.
        if isinstance(answer, Exception):
            results: Sequence[Exception | None] = [answer] * len(group)
            is_for_all = attempt.has_several
        elif attempt.errors or self._history.has_failures or any(answer):
            results, is_for_all = answer, is_one_error_for_all(group, answer)
        else:
            attempt.result.sent += group
            return search.record([TryResult.DONE] * len(group))
        found: list[TryResult] = []
        for message, error in zip(group, results, strict=True):
            if error is None:
                found.append(TryResult.DONE)
                attempt.result.sent.append(message)
                continue
            attempt.errors[message.id] = error
            found.append(self._result_of(error, is_for_all=is_for_all))
        self._history.record(group, found)
        is_unexplained = search.record(found)
        if is_unexplained:
            self._health.unexplained_failure()
        return is_unexplained

    def _result_of(self, error: Exception, *, is_for_all: bool) -> TryResult:
        is_refusal = not is_for_all and self._policy.classify(error) is not Verdict.OUTAGE
        is_cut_off = is_no_answer(error) if self._in_order else may_be_connection_loss(error)
        return TryResult.REFUSED if is_refusal else TryResult.CUT_OFF if is_cut_off else TryResult.FAILED

    async def _fail_repeatedly(self, messages: Sequence[M], attempt: _Attempt[M]) -> bool:
        """Whether each of ``messages`` was at fault before, and fails again although the broker can be reached.

        There may be no other message that could be sent around them, so that they would be tried for ever.
        """
        errors = attempt.errors
        if any(not m.attempts or m.id not in errors or is_no_answer(errors[m.id]) for m in messages):
            return False
        return await self._pipeline.reaches_broker()


@dataclasses.dataclass(slots=True)
class _Attempt(Generic[M]):
    """One call of :meth:`MessageSender.send`: its result so far, and the last error of each message that failed."""

    has_several: bool
    result: SendResult[M] = dataclasses.field(default_factory=SendResult[M])
    errors: dict[object, Exception] = dataclasses.field(default_factory=dict[object, Exception])
