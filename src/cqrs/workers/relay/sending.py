"""How a relay brings messages to a broker, and finds out about what an error is.

    all well ─ some fail, others do not ──▶ those are at fault, each by itself
    all well ─ everything fails ──▶ away ─ a few are tried, now and then ──▶ doubt, as soon as one has left
    doubt ─ everything fails ──▶ the batch is split until those are found that fail among others that leave
    doubt ─ nothing at all leaves ──▶ away

A message is at fault only if others left around it: while nothing leaves, nothing is held against any message.
"""

from __future__ import annotations

import asyncio
import dataclasses
import math
import random
import time
from collections import Counter
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from cqrs._logging.texts import describe_broker
from cqrs._tasks.cancellation import is_cancelled
from cqrs._text import shown
from cqrs.errors.messages import BrokerUnavailable
from cqrs.workers.relay.policy import Verdict
from cqrs.workers.relay.splitting import Splitting, Tried

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.workers.relay.policy import RelayPolicy

PROBE = 10
"""How many messages are sent to see whether the broker is back."""

_DOUBT = 60.0  # seconds after a failure in which a batch that fails is split at once
_PATIENT = 10  # times as long as usual, until what has failed before counts as not answered
_AT_LEAST = 1.0
_SHORT = 0.2  # the longest pause while a batch is split
_SPARE = 16
_MANY = 10_000


class Carryable(Protocol):
    """What can be brought to a broker."""

    @property
    def id(self) -> object:
        """The same each time it is tried."""
        ...

    @property
    def envelope(self) -> Envelope:
        """As it is sent."""
        ...

    @property
    def attempts(self) -> int:
        """How often it was at fault."""
        ...


C = TypeVar("C", bound=Carryable)


@dataclasses.dataclass(slots=True)
class Carried(Generic[C]):
    """What became of messages; those that are not named are still to be sent.

    ``at_fault``: with the error, and whether it may be held against them for good. ``outage``: why nothing left.
    """

    sent: list[C] = dataclasses.field(default_factory=list[C])
    at_fault: list[tuple[C, Exception, bool]] = dataclasses.field(default_factory=list[tuple[C, Exception, bool]])
    outage: Exception | None = None
    first: C | None = None


class Carrier(Generic[C]):
    """Sends what a relay has taken; ``in_order``, as long as nothing is at fault, also that of different keys."""

    def __init__(self, broker: MessageBroker, policy: RelayPolicy, *, in_order: bool = False) -> None:
        self.is_away = False
        self.at_once = policy.batch_size
        self._broker = broker
        self._policy = policy
        self._in_order = in_order
        self._tries = 0
        self._doubt_until = self._failed_at = 0.0
        self._doubted: set[object] = set()
        self._works = self._several = False
        self._usual: tuple[float, int] | None = None  # seconds, and for how many messages
        self._failing_since: dict[object, float] = {}
        self._not_reached: Counter[object] = Counter()  # beside others of its topic that were
        self._left_at: dict[str, float] = {}

    @property
    def limit(self) -> int:
        """How many messages to take next."""
        return min(self.at_once, PROBE << min(self._tries, 16)) if self.is_away else self.at_once

    async def carry(self, messages: Sequence[C], may_go_on: Callable[[Sequence[C]], float]) -> Carried[C]:
        """Send what can be sent, once. ``may_go_on`` returns the seconds that there are for these messages."""
        self._several = len(messages) > 1
        if self.is_away:
            return await self._probe(messages, may_go_on)
        ready, doubted = self._parted(messages)
        spare = _spare(ready, min(_SPARE, max(0, len(doubted) - 1)))
        carried: Carried[C] = Carried()
        search = Splitting(ready[: len(ready) - len(spare)], doubted, _key, spare=spare, works=self._works)
        errors: dict[object, Exception] = {}
        self._works = False
        until = time.monotonic() + self._policy.lease / 4
        while group := search.next():
            seconds = may_go_on(group)
            if seconds <= 0 or (errors and time.monotonic() > until):
                break
            is_first_failure = not search.is_doubted and time.monotonic() >= self._doubt_until
            limit = seconds if is_first_failure else self._short(seconds, len(group))
            if not await self._try(search, carried, errors, limit):
                continue
            if is_first_failure or search.is_hopeless:
                break
            if search.failures > 1:
                await asyncio.sleep(min(_SHORT, self._policy.outage_backoff.seconds(search.failures - 1)))
        return await self._judged(search, carried, errors)

    async def _try(
        self, search: Splitting[C], carried: Carried[C], errors: dict[object, Exception], seconds: float
    ) -> bool:
        """Send the next group of ``search``; returns whether something failed that nothing explains yet."""
        group = search.next()
        results = await self._send([message.envelope for message in group], seconds)
        if not (errors or self._failing_since or isinstance(results, Exception) or any(results)):
            carried.sent += group
            return search.tell([Tried.DONE] * len(group))
        found: list[Tried] = []
        # What was raised tells nothing about which message it is, unless there is but one; nor does one error for all.
        is_for_all = self._several if isinstance(results, Exception) else _is_one_error(group, results)
        for number, message in enumerate(group):
            error = results if isinstance(results, Exception) else results[number]
            if error is None:
                found.append(Tried.DONE)
                carried.sent.append(message)
                continue
            errors[message.id] = error
            is_refusal = not is_for_all and self._policy.classify(error) is not Verdict.OUTAGE
            is_cut = _is_silence(error) if self._in_order else _is_cut_off(error)
            found.append(Tried.REFUSED if is_refusal else Tried.CUT if is_cut else Tried.FAILED)
        self._note(group, found)
        unexplained = search.tell(found)
        if unexplained:
            self._doubt_until = time.monotonic() + _DOUBT
        return unexplained

    async def _judged(self, search: Splitting[C], carried: Carried[C], errors: dict[object, Exception]) -> Carried[C]:
        left = search.failed()
        found = search.at_fault
        if left and search.are_alone and await self._tell_enough(left, errors):
            found, left = [*found, *left], []
        self._hold_against(found, carried, errors)
        if self._failing_since and time.monotonic() > self._failed_at + _DOUBT + self._policy.attempt_backoff.longest:
            self._forget()
        tried = [message for message in left if message.id in errors]
        self._doubted.update(message.id for message in tried)
        if tried and not search.works:
            carried.outage, carried.first = errors[tried[-1].id], tried[0]
            self.is_away = True
        return carried

    async def _probe(self, messages: Sequence[C], may_go_on: Callable[[Sequence[C]], float]) -> Carried[C]:
        """Try a few, chosen from all over, and if nothing leaves one by itself: each time others.

        Every other time that one goes first, if there is no order to keep: a few of which one is at fault may take the
        broker from what comes just after them.
        """
        carried: Carried[C] = Carried()
        errors: dict[object, Exception] = {}
        heads = _heads(messages)
        chosen = heads[:PROBE] if self._in_order else self._chosen(heads)
        others = heads if self._in_order else chosen
        one = [random.choice(others)] if len(chosen) > 1 else []  # noqa: S311  # no turn is in step with another one
        comes_first = self._tries % 2 and not self._in_order
        for some in filter(None, (one, chosen) if comes_first else (chosen, one)):
            seconds = may_go_on(some)
            if seconds <= 0:
                break
            search = Splitting(some, (), _key)
            has_failed = await self._try(search, carried, errors, self._short(seconds, len(some)))
            found = search.at_fault
            if has_failed and len(some) == 1 and await self._tell_enough([*chosen, *some], errors):
                found = [*found, *some]
            self._hold_against(found, carried, errors)
            self._works = search.works
            if carried.sent or not has_failed:
                self._doubted.update(message.id for message in search.failed())
                self._tries, self.is_away = 0, False
                return carried
        if errors:
            self._tries += 1
            carried.outage, carried.first = next(iter(errors.values())), messages[0]
        elif not messages:
            self._tries, self.is_away = 0, False
        return carried

    def _chosen(self, heads: list[C]) -> list[C]:
        """Some of ``heads``: of each topic one, rather those that are not doubted, and each time others."""
        start = self._tries * PROBE % max(1, len(heads))
        heads = [*heads[start:], *heads[:start]]
        topics: set[str] = set()
        ranks: dict[object, tuple[bool, bool]] = {}
        for message in heads:
            topic = message.envelope.topic
            ranks[message.id] = (bool(message.attempts) or message.id in self._doubted, topic in topics)
            topics.add(topic)
        return sorted(heads, key=lambda message: ranks[message.id])[:PROBE]

    def _parted(self, messages: Sequence[C]) -> tuple[Sequence[C], Sequence[C]]:
        """What can go together, and what has failed before. Of a key, nothing goes that comes after such a one."""
        doubted: set[object] = set() if self._in_order else self._doubted
        suspects = {m.id for m in messages if m.attempts or m.id in doubted}
        if not suspects:
            return messages, ()
        keys = {message.envelope.key for message in messages if message.id in suspects} - {None}
        ready: list[C] = []
        apart: list[C] = []
        behind: set[str | None] = set()
        for message in messages:
            key = message.envelope.key
            if message.id in suspects:
                apart.append(message)
                behind.update(() if key is None else (key,))
            elif key not in keys:
                ready.append(message)
            elif key not in behind:  # it comes before one
                apart.append(message)
        return ready, apart

    async def _tell_enough(self, left: Sequence[C], errors: dict[object, Exception]) -> bool:
        """Whether all of ``left`` were at fault before, and fail again though the broker is there.

        There may be nothing else that could leave around them, and they would never come to an end.
        """
        if any(not m.attempts or m.id not in errors or _is_silence(errors[m.id]) for m in left):
            return False
        try:
            async with asyncio.timeout(_AT_LEAST):
                await self._broker.start()
        except Exception:  # noqa: BLE001  # whatever it is, the broker is not there
            return False
        return True

    def _hold_against(self, found: Sequence[C], carried: Carried[C], errors: dict[object, Exception]) -> None:
        """Put down who is at fault; for good, unless it can be its topic that is away.

        That is so if the error is one of connections, and nothing else of the topic has left since it failed first. A
        topic that comes back has its messages fail for a moment beside others that leave: once proves nothing.
        """
        enough = 1 if self._in_order else self._policy.attempts
        for message in found:
            error = errors[message.id]
            may_be_topic = isinstance(error, OSError) and self._policy.classify(error) is Verdict.OUTAGE
            left_at = self._left_at.get(message.envelope.topic, 0.0)
            if may_be_topic and left_at >= self._failing_since.get(message.id, math.inf):
                self._not_reached[message.id] += 1
            is_grave = not may_be_topic or self._not_reached[message.id] >= enough
            carried.at_fault.append((message, error, is_grave))
            self._doubted.discard(message.id)

    def _note(self, group: Sequence[C], found: Sequence[Tried]) -> None:
        """Remember since when what fails has failed, and of which topics something has left."""
        if len(self._failing_since) + len(self._left_at) > _MANY:
            self._forget()
        now = time.monotonic()
        for message, result in zip(group, found, strict=True):
            if result is Tried.DONE:
                self._left_at[message.envelope.topic] = now
                if self._failing_since:
                    self._failing_since.pop(message.id, None)
                    self._not_reached.pop(message.id, None)
                    self._doubted.discard(message.id)
            else:
                self._failing_since.setdefault(message.id, now)
                self._failed_at = now

    def _forget(self) -> None:
        self._failing_since.clear()
        self._not_reached.clear()
        self._left_at.clear()
        self._doubted.clear()

    def _short(self, seconds: float, count: int) -> float:
        """How long ``count`` messages may take after a failure: the broker is known to answer much sooner."""
        if self._usual is None:
            return seconds
        took, before = self._usual
        return min(seconds, max(_AT_LEAST, _PATIENT * took * max(1.0, count / before)))

    async def _send(self, envelopes: Sequence[Envelope], seconds: float) -> Sequence[Exception | None] | Exception:
        """The results, or what was raised, in at most ``seconds``.

        Sees how many can be sent at once so that they stay far below the lease: a batch that is not over when its time
        is would be sent again as a whole, and again not be over.
        """
        before = time.monotonic()
        time_limit = asyncio.timeout(seconds)
        try:
            async with time_limit:
                results = await self._broker.send(envelopes)
        except Exception as error:  # noqa: BLE001  # the port says that it raises nothing
            if not time_limit.expired():
                return error
            self.at_once = max(1, len(envelopes) // 2)
            return BrokerUnavailable(describe_broker(self._broker), TimeoutError(f"no answer within {seconds:.1f} s"))
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            return BrokerUnavailable(describe_broker(self._broker), "its driver has cancelled the sending")
        took = time.monotonic() - before
        if len(results) != len(envelopes):
            answer = f"it answers {len(envelopes)} messages by {len(results)} results, and must give one for each"
            return BrokerUnavailable(describe_broker(self._broker), answer)
        if None in results:
            in_time = int(len(results) / max(took, 1e-6) * self._policy.lease / 4)
            self.at_once = max(1, min(self._policy.batch_size, in_time))
            self._usual = (took, len(results))
        return results


def line(message: Carryable) -> str:
    """A message for a log line."""
    envelope = message.envelope
    return f"{shown(envelope.name)} {envelope.message_id} for topic '{shown(envelope.topic)}'"


def first_in_line(message: Carryable | None) -> str:
    """The end of the line that logs an outage: the message that waits first in line, if there is one."""
    return "" if message is None else f"; first in line is {line(message)}"


def _spare(messages: Sequence[C], most: int) -> Sequence[C]:
    """The last ones, of which no key is in the others."""
    if not most:
        return ()
    start = len(messages)
    keys = Counter(message.envelope.key for message in messages)
    while start and len(messages) - start < most:
        key = messages[start - 1].envelope.key
        if key is not None and keys[key] > 1:
            break
        start -= 1
    return messages[start:]


def _heads(messages: Sequence[C]) -> list[C]:
    """Of each key the first."""
    heads: dict[object, C] = {}
    for message in messages:
        key = message.envelope.key
        heads.setdefault(message.id if key is None else key, message)
    return list(heads.values())


def _is_one_error(messages: Sequence[C], results: Sequence[Exception | None]) -> bool:
    """Whether messages that have nothing to do with each other have the very same error."""
    return all(error is results[0] for error in results) and len(_heads(messages)) > 1


def _key(message: Carryable) -> str | None:
    return message.envelope.key


def _is_cut_off(error: Exception) -> bool:
    """Whether the connection was lost, perhaps: then others of the same attempt can have been confirmed before."""
    return _is_silence(error) or (isinstance(error, OSError) and getattr(error, "topic", None) is None)


def _is_silence(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError)
