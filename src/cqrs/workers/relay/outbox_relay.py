"""Step 5, the relay of an outbox in a table: sends its messages to a broker, in the order of each key.

Any number of relays may work on one outbox. They share its partitions by leases, and each relay repeats for its own
partitions: take messages, send them as one batch, record the outcome. No transaction is open while messages are sent.

Each message is sent at least once. It is sent again, with the same id, if a relay dies after the broker has confirmed
it and before that is recorded, or if the confirmation was lost. Even then, the first deliveries of the messages of a
key are in the order of adding. A relay that was delayed beyond its lease sends no further message that it had taken,
and records nothing.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
from typing import TYPE_CHECKING

from cqrs._arguments import TEXT, Needed, check, check_given
from cqrs._failpoints import reached
from cqrs._logging.texts import describe_broker, describe_database
from cqrs._tasks.cancellation import is_cancelled
from cqrs._text import storable
from cqrs.envelope import UNREADABLE
from cqrs.message_brokers.arguments import as_broker
from cqrs.outbox.queue import Failure, Outcome, QueuedMessage
from cqrs.outbox.rows import PARTITIONS
from cqrs.workers.lease_holder import LeaseHolder
from cqrs.workers.outage_errors import is_outage
from cqrs.workers.policy_checks import described
from cqrs.workers.relay.messages import describe_message, first_in_line
from cqrs.workers.relay.policy import RELAY_POLICY, RelayPolicy
from cqrs.workers.relay.sending import MessageSender
from cqrs.workers.service import Service

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.wakeups.protocol import WakeUps

logger = logging.getLogger("cqrs")

_QUEUED = Needed("an outbox, such as db.outbox, and the message broker after it", ("queue", "wakeups", "envelope"))
_WAKE_UPS = Needed("'auto', 'poll', 'notify' or your own WakeUps", ("wait", "announce"))
_LAST_ATTEMPTS = 3
"""How often a relay that is ending tries to record what it has sent."""


class OutboxRelay(Service):
    """Sends the messages of ``outbox`` to ``message_broker`` until it is stopped.

    The outbox must open its own transactions: build it over a session factory, not over one session. The relay does not
    close the broker; it connects by itself, or you start it. ``wake_up`` is how the relay is notified of new messages:
    ``"auto"``, ``"poll"``, ``"notify"`` or your own ``WakeUps``; it polls besides.
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
        check("outbox", outbox, _QUEUED)
        check_given("policy", policy, RELAY_POLICY)
        check_given("name", name, TEXT)
        if not isinstance(wake_up, str):
            check("wake_up", wake_up, _WAKE_UPS)
        self.policy = policy or RelayPolicy()
        self.wait_at_start = self.policy.wait_at_start
        self.sent = 0
        self._outbox = outbox
        self._queue = outbox.queue()
        self._broker = as_broker(message_broker)
        self._sender: MessageSender[QueuedMessage] = MessageSender(self._broker, self.policy)
        self._wakeups = outbox.wakeups(wake_up) if isinstance(wake_up, str) else wake_up
        self._leases = LeaseHolder(
            self._queue.leases,
            self._queue.scope,
            count=PARTITIONS,
            ttl=self.policy.lease,
            name=name,
        )
        self._first = 0
        self._database, self._broker_name = describe_database(outbox), f"the broker {describe_broker(self._broker)}"
        self._outages = self._outage_log(self.policy)
        self._settling = self._outage_log(
            self.policy, "cannot record what it has sent in", "records again what it has sent"
        )
        self._cleaning = self._outage_log(
            self.policy, "cannot release or remove messages in", "releases and removes messages again"
        )
        self._empty_rounds = 0
        self._clean_up_at = 0.0

    def __str__(self) -> str:
        return f"relay {self.name}"

    @property
    def name(self) -> str:
        """The name that holds its leases: the given name, host, process and a random part.

        It is made at each start, so that relays with one name, or one object in two processes, can work side by side.
        """
        return self._leases.owner

    async def _work(self) -> None:
        async with self._wakeups, self._leases:
            text = "%s starts to send the messages of %s in %s to %s, with %s"
            what = (self._queue.scope, self._outbox.database, describe_broker(self._broker), described(self.policy))
            logger.info(text, self, *what)
            await self._leases.started()
            if self._leases.error is not None:
                self._refuse_start(self._leases.error, self._database)
            await self._connect_first(self._broker.start)
            while not self.is_ending and self._leases.is_running:  # leaving the block raises the error of the leases
                wait = await self._work_once()
                self._ready.set()
                if wait and not self.is_ending:
                    await self._rest(wait)

    async def _rest(self, seconds: float) -> None:
        """Wait for so many seconds, or until a wake-up or the end of the relay."""
        if self._outages.attempts or not self._leases.holds_any:
            await self._pause(seconds)
            return
        woken = asyncio.create_task(self._wakeups.wait(seconds))
        end = asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait([woken, end], return_when=asyncio.FIRST_COMPLETED)
            if woken.done() and woken.result():
                self._empty_rounds = 0
        finally:
            woken.cancel()
            end.cancel()

    async def _work_once(self) -> float:
        """Work once, and log any error, after which nothing is recorded; returns for how long to wait."""
        try:
            return await self._round()
        except (Exception, asyncio.CancelledError) as error:
            if is_cancelled():
                raise
            self._in_hand = 0
            if isinstance(error, asyncio.CancelledError) or is_outage(error):
                return self._outages.failed(error, self._database)
            return self._outages.failed(error, fails="failed and tries again")

    async def _round(self) -> float:
        """Take messages, send them and record the outcome once; returns for how long to wait before the next time."""
        with self._leases.using() as fences:
            if not fences:
                return self._without_leases()
            async with asyncio.timeout(self.policy.lease):  # a dead connection may raise no error
                taken = await self._queue.take(self._rotated(fences), self._sender.limit)
            if taken:
                reached("outbox.claimed")
            self._in_hand = len(taken)
            outcome, outage, first = await self._send(taken, fences)
            if outcome:
                reached("outbox.published")
                await self._settle(fences, outcome)
                reached("outbox.settled")
                self.sent += len(outcome.sent)
            self._in_hand = 0
            await self._clean_up(fences)
        if outage is not None:
            return self._outages.failed(outage, self._broker_name, detail=first_in_line(first))
        return self._idle(found=bool(taken))

    def _without_leases(self) -> float:
        """Return for how long to wait while no partition is held: other relays hold them, or the database is away."""
        if self._leases.error is not None:
            self._outages.failed(self._leases.error, self._database)
        elif self._outages.missing == self._database:
            self._outages.over()
        return self._leases.tick

    def _rotated(self, fences: Mapping[int, int]) -> list[int]:
        """The partitions, beginning with another one each time, so that none of them can keep the others waiting."""
        order = sorted(fences)
        self._first = (self._first + 1) % len(order)
        return order[self._first :] + order[: self._first]

    async def _send(
        self, taken: Sequence[QueuedMessage], fences: Mapping[int, int]
    ) -> tuple[Outcome, Exception | None, QueuedMessage | None]:
        """Send the messages that are not blocked.

        Returns the outcome of each, and during an outage its error and the message that waits first.
        """
        blocked = [message for message in taken if message.blocked]
        ready, failed = self._unpacked([message for message in taken if not message.blocked])

        def seconds_left(_: object) -> float:
            # A partition that was lost while messages were taken belongs to another relay, or did for a while.
            is_held = all(self._leases.holds(partition, fence) for partition, fence in fences.items())
            return 0.0 if self.is_ending or not is_held else self._leases.seconds_left()

        result = await self._sender.send(ready, seconds_left)
        failed += [self._failure(fault.message, fault.error, counts=fault.counts) for fault in result.at_fault]
        return Outcome(result.sent, failed, blocked), result.outage, result.first

    def _unpacked(self, messages: Sequence[QueuedMessage]) -> tuple[list[QueuedMessage], list[Failure]]:
        """The messages that can be sent, and the failures of unreadable ones, behind which those of their key wait."""
        ready: list[QueuedMessage] = []
        failed: list[Failure] = []
        stopped: set[str] = set()
        for message in messages:
            key = message.envelope.key
            if key is not None and key in stopped:
                continue
            if message.compression is None and UNREADABLE not in message.envelope.headers:
                ready.append(message)
                continue
            try:
                envelope = self._outbox.envelope(message)
                ready.append(dataclasses.replace(message, envelope=envelope, compression=None))
            except Exception as error:  # noqa: BLE001  # a compressor may raise anything
                failed.append(self._failure(message, error))
                if key is not None:
                    stopped.add(key)
        return ready, failed

    def _failure(self, message: QueuedMessage, error: Exception, *, counts: bool = True) -> Failure:
        retry_in = self.policy.retry_in(message.attempts + 1)
        if retry_in is None and not counts:
            retry_in = self.policy.attempt_backoff.seconds(message.attempts + 1)
        parked = "is parked, replay or drop it"
        what = parked if retry_in is None else f"is tried again in {retry_in:.1f} s"
        text = storable(error)
        logger.warning("%s: %s %s: %s", self, describe_message(message), what, text)
        return Failure(message, text, retry_in)

    async def _settle(self, fences: Mapping[int, int], outcome: Outcome) -> None:
        """Record the outcome of messages; try again as long as no other relay can have taken over.

        Otherwise a connection that is lost now would send the whole batch twice.
        """
        attempts = 0
        while True:
            try:
                async with asyncio.timeout(self.policy.lease):  # as in _round
                    await self._queue.settle(fences, outcome)
            except Exception as error:
                attempts += 1
                wait = self.policy.outage_backoff.seconds(attempts)
                if self._leases.seconds_left() < wait or (self.is_ending and attempts >= _LAST_ATTEMPTS):
                    raise
                self._settling.failed(error, self._database)
                await asyncio.sleep(wait)
            else:
                self._settling.over()
                return

    def _idle(self, *, found: bool) -> float:
        self._outages.over()
        if found:
            self._empty_rounds = 0
            return 0.0
        self._empty_rounds += 1
        wait = self.policy.idle_backoff.seconds(self._empty_rounds)
        return wait if self._wakeups.healthy else min(wait, self.policy.poll_when_unwoken)

    async def _clean_up(self, fences: Mapping[int, int]) -> None:
        """Release blocked messages whose blocker is gone, and remove old sent ones, every ``cleanup_every`` seconds."""
        if time.monotonic() < self._clean_up_at or 0 not in fences:
            return
        self._clean_up_at = time.monotonic() + self.policy.cleanup_every
        try:
            async with asyncio.timeout(self.policy.lease / 4):  # messages wait meanwhile
                more = bool(await self._queue.release())
                if self.policy.keep_sent_for is not None:
                    more = bool(await self._queue.clean(self.policy.keep_sent_for)) or more
        except Exception as error:  # noqa: BLE001  # messages can be sent all the same
            self._cleaning.failed(error, self._database)
            return
        self._cleaning.over()
        if more:
            self._clean_up_at = 0.0
