"""Step 5, the relay: brings the messages of an outbox to a broker, in the order of each key.

Any number of relays may work on one outbox. They share out its partitions by leases, and each of them repeats for its
own: take what is to be sent, send it as one pipeline, settle it. No transaction is open while it is sent.

A message leaves at least once. It leaves again, under the same id, if a relay dies between the broker's confirmation
and the settlement, or if the broker had confirmed it and could not say so. The first deliveries of a key's messages
are in the order of adding, also then. A relay that was held up beyond its lease sends nothing more of what it had
taken, and settles nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from cqrs._failpoints import reached
from cqrs.errors.messages import BrokerUnavailable
from cqrs.outbox.queue import Failure, Outcome, QueuedMessage
from cqrs.outbox.rows import PARTITIONS, error_text
from cqrs.workers.advice import told
from cqrs.workers.leases import LeaseHolder
from cqrs.workers.outbox_policy import RelayPolicy, Verdict
from cqrs.workers.service import Service, is_cancelled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.outbox.wakeups import WakeUps

logger = logging.getLogger("cqrs")

_PROBE = 10
"""How many messages are taken to see whether the broker is back."""

_LAST_TRIES = 3
"""How often a relay that ends tries to settle what it has sent."""


class OutboxRelay(Service):
    """Empties ``outbox`` into ``message_broker`` until it is stopped.

    The outbox must make transactions of its own: built over a factory of sessions, not over one session. The broker is
    started and closed by whoever built it, or connects by itself. ``wake_up`` says how the relay learns of new
    messages: ``"auto"``, ``"poll"``, ``"notify"``, ``"log"`` or wake-ups of your own; it also polls.
    """

    def __init__(
        self,
        outbox: OutboxedEventRepository,
        message_broker: MessageBroker,
        policy: RelayPolicy | None = None,
        *,
        wake_up: str | WakeUps = "auto",
        name: str | None = None,
    ) -> None:
        super().__init__()
        self.policy = policy or RelayPolicy()
        self.sent = 0
        self._outbox = outbox
        self._queue = outbox.queue()
        self._broker = message_broker
        self._wakeups = outbox.wakeups(wake_up) if isinstance(wake_up, str) else wake_up
        self._leases = LeaseHolder(
            self._queue.leases, self._queue.scope, count=PARTITIONS, ttl=self.policy.lease, owner=name
        )
        self._first = 0
        self._at_once = self.policy.batch_size
        self._outages = 0
        self._quiet = 0
        self._tidy_at = 0.0
        self._is_untidy = False

    @property
    def name(self) -> str:
        """Under which it holds its leases."""
        return self._leases.owner

    async def _work(self) -> None:
        async with self._wakeups, self._leases:
            await self._leases.started()
            while not self.is_ending and self._leases.is_running:  # what has ended that is raised by its end
                wait = await self._guarded_round()
                self._ready.set()
                if wait and not self.is_ending:
                    await self._rest(wait)

    async def _rest(self, seconds: float) -> None:
        """Wait, unless there is something to do before."""
        if self._outages or not self._leases.holds_any:
            await self._pause(seconds)
            return
        hint = asyncio.create_task(self._wakeups.wait(seconds))
        end = asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait([hint, end], return_when=asyncio.FIRST_COMPLETED)
            if hint.done() and hint.result():
                self._quiet = 0
        finally:
            hint.cancel()
            end.cancel()

    async def _guarded_round(self) -> float:
        """A round that may fail with whatever a database raises."""
        try:
            return await self._round()
        except (Exception, asyncio.CancelledError) as error:  # an outage of the database; nothing has been settled
            if is_cancelled():
                raise
            return self._outage(error)  # also where a driver has cancelled what it was waiting for itself

    async def _round(self) -> float:
        """Take, send and settle once; returns for how long there is nothing to do."""
        with self._leases.using() as fences:
            if not fences:
                return self._leases.tick
            limit = min(_PROBE, self._at_once) if self._outages else self._at_once
            async with asyncio.timeout(self.policy.lease):  # a connection may be dead, and nobody says so
                taken = await self._queue.take(self._in_turn(fences), limit)
            reached("outbox.claimed")
            # What was lost while it was taken is somebody else's, also if the lease has been renewed since.
            outcome, outage = await self._send(
                [m for m in taken if self._leases.holds(m.partition, fences[m.partition])]
            )
            if outcome:
                reached("outbox.published")
                await self._settle(fences, outcome)
                reached("outbox.settled")
                self.sent += len(outcome.sent)
            await self._tidy(fences)
        if outage is not None:
            return self._outage(outage)
        return self._idle(found=bool(taken))

    def _in_turn(self, fences: Mapping[int, int]) -> list[int]:
        """The partitions, each time beginning with another one: no partition can keep the others out."""
        order = sorted(fences)
        self._first = (self._first + 1) % len(order)
        return order[self._first :] + order[: self._first]

    async def _send(self, taken: Sequence[QueuedMessage]) -> tuple[Outcome, Exception | None]:
        """Send what is not blocked; returns what became of it, and the error if the broker is away."""
        blocked = [message for message in taken if message.blocked]
        ready, failed = self._unpacked([message for message in taken if not message.blocked])
        seconds = self._leases.seconds_left()
        if not ready or seconds <= 0:
            return Outcome(failed=failed, blocked=blocked), None
        try:
            results = await self._in_time([envelope for _, envelope in ready], seconds)
        except Exception as raised:  # noqa: BLE001  # the port says that it raises nothing; a hang ends as an outage
            return Outcome(failed=failed, blocked=blocked), raised
        sent: list[QueuedMessage] = []
        outage: Exception | None = None
        # Of a key, what comes after the first failure was not sent: it has not failed itself.
        stopped = {failure.message.envelope.key for failure in failed}
        for (message, _), result in zip(ready, results, strict=True):
            key = message.envelope.key
            if result is None:
                sent.append(message)
            elif self.policy.classify(result) is Verdict.OUTAGE:
                outage = result
                stopped.add(key)
            elif key is None or key not in stopped:
                failed.append(self._failure(message, result))
                stopped.add(key)
        return Outcome(sent, failed, blocked), outage

    async def _in_time(self, envelopes: Sequence[Envelope], seconds: float) -> Sequence[Exception | None]:
        """Send within ``seconds``, and see how many can be sent at once so that they stay far below that.

        A batch that is not over when its time is would be sent again as a whole, and again not be over.
        """
        before = time.monotonic()
        time_limit = asyncio.timeout(seconds)
        try:
            async with time_limit:
                results = await self._broker.send(envelopes)
        except TimeoutError:
            if time_limit.expired():
                self._at_once = max(1, len(envelopes) // 2)
            raise
        speed = len(envelopes) / max(time.monotonic() - before, 1e-6)
        self._at_once = max(1, min(self.policy.batch_size, int(speed * self.policy.lease / 4)))
        if len(results) != len(envelopes):
            answer = f"it answers {len(envelopes)} messages by {len(results)} results, and must give one for each"
            raise BrokerUnavailable(type(self._broker).__qualname__, answer)
        return results

    def _unpacked(
        self, messages: Sequence[QueuedMessage]
    ) -> tuple[list[tuple[QueuedMessage, Envelope]], list[Failure]]:
        """What can be sent, and what can not even be read; of a key nothing after that."""
        ready: list[tuple[QueuedMessage, Envelope]] = []
        failed: list[Failure] = []
        stopped: set[str] = set()
        for message in messages:
            key = message.envelope.key
            if key is not None and key in stopped:
                continue
            if message.compression is None:
                ready.append((message, message.envelope))
                continue
            try:
                ready.append((message, self._outbox.envelope(message)))
            except Exception as error:  # noqa: BLE001  # a compressor may raise anything
                failed.append(self._failure(message, error))
                if key is not None:
                    stopped.add(key)
        return ready, failed

    def _failure(self, message: QueuedMessage, error: Exception) -> Failure:
        retry_in = self.policy.retry_in(message.attempts + 1)
        what = "is parked" if retry_in is None else f"is tried again in {retry_in:.1f} s"
        text = error_text(error)
        logger.warning("%s %s %s: %s", message.envelope.name, message.envelope.message_id, what, text)
        return Failure(message, text, retry_in)

    async def _settle(self, fences: Mapping[int, int], outcome: Outcome) -> None:
        """Write down what became of messages; tried again while nobody else can have taken over.

        Without that, a connection that is cut now would send the whole batch twice.
        """
        tries = 0
        while True:
            try:
                async with asyncio.timeout(self.policy.lease):  # as for taking
                    await self._queue.settle(fences, outcome)
            except Exception as error:
                tries += 1
                wait = self.policy.outage.seconds(tries)
                if self._leases.seconds_left() < wait or (self.is_ending and tries >= _LAST_TRIES):
                    raise
                if tries == 1:
                    logger.warning("%s cannot settle what it has sent, and tries again: %r", self.name, error)
                await asyncio.sleep(wait)
            else:
                return

    def _outage(self, error: BaseException) -> float:
        """Something is away: when to try again. Said once, not at every try."""
        if not self._outages:
            logger.warning("%s waits: %s", self.name, told(error))
        self._outages += 1
        return self.policy.outage.seconds(self._outages)

    def _idle(self, *, found: bool) -> float:
        if self._outages:
            logger.warning("%s goes on after %d failed attempts", self.name, self._outages)
        self._outages = 0
        if found:
            self._quiet = 0
            return 0.0
        self._quiet += 1
        wait = self.policy.idle.seconds(self._quiet)
        return wait if self._wakeups.healthy else min(wait, self.policy.deaf)

    async def _tidy(self, fences: Mapping[int, int]) -> None:
        """Now and then: release what is set aside behind nothing, and remove what was kept for long enough."""
        if time.monotonic() < self._tidy_at or 0 not in fences:
            return
        self._tidy_at = time.monotonic() + self.policy.housekeeping
        try:
            async with asyncio.timeout(self.policy.lease / 4):  # messages wait meanwhile
                more = bool(await self._queue.release())
                if self.policy.keep is not None:
                    more = bool(await self._queue.clean(self.policy.keep)) or more
        except Exception as error:  # noqa: BLE001  # messages can be sent all the same
            if not self._is_untidy:
                logger.warning("%s cannot tidy up, which is tried again: %s", self.name, told(error))
            self._is_untidy = True
            return
        if self._is_untidy:
            logger.warning("%s tidies up again", self.name)
        self._is_untidy = False
        if more:
            self._tidy_at = 0.0
