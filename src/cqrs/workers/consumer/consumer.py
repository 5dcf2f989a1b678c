"""Step 6, the consumer: calls the handlers of each message of a source, with one effect each."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from cqrs._arguments import RECEIVER, REGISTRY, SOURCE, TEXT, Needed, check, check_function, check_given
from cqrs._failpoints import reached
from cqrs._introspection.callables import is_async
from cqrs._logging.texts import describe_broker, describe_error
from cqrs.errors.root import InvalidArgument
from cqrs.workers.consumer.chores import Chore
from cqrs.workers.consumer.events import Handling, JsonEvents, check_event_types
from cqrs.workers.consumer.policy import ConsumerPolicy, ConsumerVerdict
from cqrs.workers.consumer.steps import Outage, Steps
from cqrs.workers.consumer.transactions import check_same_database, transactions_of
from cqrs.workers.policy_checks import described
from cqrs.workers.service import Service

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from cqrs.envelope import Envelope
    from cqrs.events.registry import EventRegistry
    from cqrs.inbox.database import InboxDatabase
    from cqrs.inbox.repository import InboxRepository
    from cqrs.message_brokers.source import Delivery, MessageSource
    from cqrs.unit_of_work.protocol import UnitOfWork
    from cqrs.workers.consumer.events import ReceivesEvents

__all__ = ["Consumer", "ConsumerPolicy", "ConsumerVerdict"]

logger = logging.getLogger("cqrs")

_DECODE = "a plain function that makes an event of an Envelope"
_POLICY = Needed("a cqrs.ConsumerPolicy(...)", kind=ConsumerPolicy)
_LONGEST_NAME = 128
_SHORTEST_WAIT = 0.01  # seconds; some sources fetch nothing if they are given no time at all


class Consumer(Service):
    """Calls the handlers of ``mediator`` for each message of ``source``, so that it takes effect exactly once.

    A batch is one transaction of ``database``: the marks in its inbox, the rows that handlers write through its
    session, the messages that they add to its outbox. The batch is acknowledged after the commit. Handlers can neither
    commit nor roll back the transaction, nor write outside of it by accident. In place of ``database``, give an
    ``inbox`` and a function ``unit_of_work`` that makes units of work over the same database. An error after the
    commit, such as that of an ``after_commit`` callback, is logged; the messages are acknowledged, because they have
    taken effect.

    If a message of a batch fails, the batch is rolled back and done again without it, and then the message alone. A
    message that fails again and again is parked, and the later messages of its key wait behind it; other keys go on.
    During an outage the batch is kept and tried again as it is, so that the order is kept; no message is given up and
    no attempt is counted. ``policy`` decides how often and when to try again, and what each error means.

    Workers with one ``name`` are one consumer: a message takes effect in one of them. ``registry``, by default that of
    the database, has the event type for the name and version of a message; give ``decode`` instead for messages that
    are not JSON. The worker starts ``source`` and closes it. Order within a key needs a source that delivers the
    messages of a key in order, and to one worker at a time.
    """

    def __init__(  # noqa: PLR0913  # what it is put together from
        self,
        source: MessageSource,
        mediator: ReceivesEvents,
        *,
        name: str,
        database: InboxDatabase | None = None,
        inbox: InboxRepository | None = None,
        unit_of_work: Callable[[], UnitOfWork | Awaitable[UnitOfWork]] | None = None,
        registry: EventRegistry | None = None,
        decode: Callable[[Envelope], Any] | None = None,
        policy: ConsumerPolicy | None = None,
    ) -> None:
        super().__init__()
        check("source", source, SOURCE)
        check("mediator", mediator, RECEIVER)
        check("name", name, TEXT)
        check_given("registry", registry, REGISTRY)
        check_given("policy", policy, _POLICY)
        if decode is not None:
            check_function("decode", decode, 1, _DECODE)
            if is_async(decode):
                raise InvalidArgument("decode", decode, f"give {_DECODE}")
        given = transactions_of(database, inbox, unit_of_work)
        if database is not None and decode is None:
            registry = registry or database.registry
        if (registry is None) == (decode is None):
            raise InvalidArgument("decode", decode, "give either it, or a registry of event types")
        check_same_database(mediator, given[0])
        if not 0 < len(name) <= _LONGEST_NAME:
            raise InvalidArgument("name", name, f"give 1 to {_LONGEST_NAME} characters, an inbox holds no more")
        self.name = name
        self.policy = policy or ConsumerPolicy()
        self.wait_at_start = self.policy.wait_at_start
        self._source = source
        read = decode if registry is None else JsonEvents(registry)
        assert read is not None  # noqa: S101  # one of them is given
        handle = Handling(mediator, read, skip_unknown=self.policy.on_unknown == "skip")
        self._check_event_types = partial(check_event_types, mediator, read)
        self._steps = Steps(name, *given, handle, self.policy)
        self._broker_name = f"the broker {describe_broker(source)}"
        self._outages = self._outage_log(self.policy)
        self._chores = (
            self._chore(self._steps.replay, self.policy.replay_every, "look", "looks", "for parked messages"),
            self._chore(self._steps.clean, self.policy.cleanup_every, "remove", "removes", "old marks"),
        )

    def __str__(self) -> str:
        return f"consumer {self.name}"

    def _chore(self, do: Callable[[], Awaitable[bool]], every: float, *words: str) -> Chore:
        look, looks, what = words
        return Chore(do, every, self._outage_log(self.policy, f"cannot {look} {what} without", f"{looks} {what} again"))

    async def start(self) -> None:
        """Start to work in the background. Raises ``WiringError`` if a handler is bound to an unregistered message."""
        self._check_event_types()
        await super().start()

    async def _work(self) -> None:
        text = "%s starts to handle the messages of %s, in %s, with %s"
        logger.info(text, self, describe_broker(self._source), self._steps.database, described(self.policy))
        try:
            await self._connect_first(self._source.start)
            if self._must_reach:
                await self._reach_database()
            while not self.is_ending:
                try:
                    await self._work_once()
                except Outage as outage:
                    await self._wait_out(outage)
                else:
                    self._ready.set()
        finally:
            with suppress(Exception):  # messages that it still holds are delivered again
                await self._source.close()

    async def _reach_database(self) -> None:
        try:
            await self._steps.replay()
        except Outage as outage:
            self._refuse_start(outage.__cause__, outage.missing)

    async def _work_once(self) -> None:
        await self._handle_all(await self._receive(self._receive_seconds()))
        for chore in self._chores:
            if not self.is_ending:
                await chore.do_if_due()

    def _receive_seconds(self) -> float:
        """How long to wait for messages: until the next chore is due, or for ``receive_timeout``."""
        until_due = min(chore.due for chore in self._chores) - asyncio.get_running_loop().time()
        return max(_SHORTEST_WAIT, min(self.policy.receive_timeout, until_due))

    async def _receive(self, seconds: float) -> Sequence[Delivery]:
        try:
            await self._source.start()
            deliveries = await self._source.receive(self.policy.batch_size, seconds)
        except Exception as error:
            if self.policy.classify(error) is ConsumerVerdict.OUTAGE:
                raise Outage(self._broker_name) from error
            raise
        if not deliveries:
            self._outages.over()
        return deliveries

    async def _handle_all(self, deliveries: Sequence[Delivery]) -> None:
        """Handle all deliveries, part by part; those left when the service ends are given back to the broker."""
        todo = deque([list(deliveries)] if deliveries else [])
        while todo:
            self._in_hand = sum(map(len, todo))
            part = todo.popleft()
            try:
                rest = await self._step(part)
            except Outage as outage:
                todo.appendleft(part)
                if self.is_ending:
                    break
                await self._wait_out(outage)
                continue
            self._outages.over()
            todo.extendleft(reversed(rest))
            if not rest:
                await self._acknowledge(part)
            elif rest[0] is part:
                break
        self._in_hand = 0
        for delivery in (delivery for part in todo for delivery in part):
            await delivery.nack()

    async def _step(self, part: list[Delivery]) -> list[list[Delivery]]:
        """Handle a part in one transaction, or park it if it is one message that fails; returns the parts still to do.

        That is the part itself if it was to be tried again and the service ends, and its pieces if a message failed.
        """
        failed = await self._steps.handle([delivery.envelope for delivery in part])
        if failed is not None and len(part) > 1:
            return _split(part, failed.at)
        attempts = 1
        while failed is not None:
            if failed.verdict is not ConsumerVerdict.FAILURE or attempts >= self.policy.attempts_in_batch:
                await self._steps.park(part[0].envelope, failed)
                break
            await self._pause(self.policy.attempt_backoff.seconds(attempts))
            if self.is_ending:
                return [part]
            failed = await self._steps.handle([part[0].envelope])
            attempts += 1
        return []

    async def _acknowledge(self, part: list[Delivery]) -> None:
        try:
            await self._source.ack(part)
        except Exception as error:
            if self.policy.classify(error) is not ConsumerVerdict.OUTAGE:
                raise
            text = "%s could not acknowledge to %s what it has handled; it may come again, without effect: %s"
            logger.warning(text, self, self._broker_name, describe_error(error))
            for delivery in part:  # else they would stay assigned to this worker, and some brokers deliver only so many
                await delivery.nack()
        else:
            reached("inbox.acknowledged")

    async def _wait_out(self, outage: Outage) -> None:
        await self._pause(self._outages.failed(outage.__cause__, outage.missing))


def _split(part: list[Delivery], at: Envelope | None) -> list[list[Delivery]]:
    """The messages before the failed one, it alone, and the rest; each alone, if it is not known which one failed."""
    place = next((n for n, delivery in enumerate(part) if delivery.envelope is at), None)
    if place is None:
        return [[delivery] for delivery in part]
    return [some for some in (part[:place], [part[place]], part[place + 1 :]) if some]
