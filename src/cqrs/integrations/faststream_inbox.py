"""Receives events with FastStream so that each message takes effect once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID

from faststream import BaseMiddleware
from faststream.exceptions import AckMessage

from cqrs._arguments import TEXT, Needed, check, check_given
from cqrs.context import consuming
from cqrs.envelope import Envelope
from cqrs.errors.messages import InvalidEnvelope
from cqrs.errors.root import InvalidArgument
from cqrs.errors.transactions import AfterCommitError
from cqrs.message_brokers.foreign import text_of
from cqrs.workers.consumer.transactions import make_unit, transactions_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cqrs.inbox.database import InboxDatabase
    from cqrs.inbox.repository import InboxRepository
    from cqrs.unit_of_work.protocol import UnitOfWork

logger = logging.getLogger("cqrs")


def envelope_of(message: Any) -> Envelope | None:
    """The envelope of ``message``, from its headers, or from ``event_id`` and ``event_name`` in its JSON body.

    ``None`` if it has neither.
    """
    raw, body = message.raw_message, message.body if isinstance(message.body, bytes) else b""
    topic = str(getattr(raw, "topic", ""))
    headers = {name: text_of(value) for name, value in message.headers.items()}
    try:
        return Envelope.from_headers(topic, body, headers)
    except InvalidEnvelope:
        pass
    key = getattr(raw, "key", None)
    try:
        known = Envelope(message_id=UUID(int=0), name="", topic=topic, body=body).json()
        return Envelope(
            message_id=UUID(known["event_id"]),
            name=str(known["event_name"]),
            topic=topic,
            body=body,
            key=key.decode(errors="surrogateescape") if isinstance(key, bytes) else None,
            headers=headers,
        )
    except (InvalidEnvelope, KeyError, TypeError, ValueError, AttributeError):
        return None


_READ = Needed("a function that makes an Envelope of a message", ("__call__",))


class Once:
    """A middleware for the broker: each message takes effect once for ``consumer``, in a unit of work.

    ``KafkaBroker(..., middlewares=[Redelivery(), Once(database=db, name="shipping")])``: in this order, so that a
    message that fails is delivered again. The mark of the message is in the transaction in which the subscriber runs:
    that of ``db.session``, or with an ``inbox`` and a ``unit_of_work`` that of ``current_unit_of_work()``. ``name`` was
    ``consumer`` before; both work. An ``ack()`` of the subscriber waits until that is committed. An error, a
    ``nack()`` or a ``reject()`` rolls it back. The subscriber is not called for a message that has taken effect before,
    or whose key a ``Consumer`` of the same name has parked; such a message is acknowledged.

    What the subscriber publishes through FastStream is in no transaction: use an outbox. ``read`` makes the envelope
    of a message; if it returns ``None``, the subscriber is called each time that the message is delivered.
    """

    def __init__(  # noqa: PLR0913  # a database, or the parts in its place
        self,
        inbox: InboxRepository | None = None,
        unit_of_work: Callable[[], UnitOfWork | Awaitable[UnitOfWork]] | None = None,
        *,
        consumer: str | None = None,
        database: InboxDatabase | None = None,
        name: str | None = None,
        read: Callable[[Any], Envelope | None] = envelope_of,
    ) -> None:
        self.inbox, self.unit_of_work = transactions_of(database, inbox, unit_of_work)
        called = name or consumer
        check("read", read, _READ)
        check_given("name", called, TEXT)
        if not called or (name is not None and consumer is not None):
            raise InvalidArgument("name", called, "name the consumer, once: its workers share what has taken effect")
        self.consumer = called
        self.read = read

    def __call__(self, message: Any, /, **context: Any) -> BaseMiddleware:
        """FastStream calls this for each message."""
        return _OnlyOnce(message, self, **context)


class _OnlyOnce(BaseMiddleware):
    def __init__(self, message: Any, once: Once, **context: Any) -> None:
        super().__init__(message, **context)
        self._once = once

    async def consume_scope(self, call_next: Callable[[Any], Awaitable[Any]], msg: Any) -> Any:
        once = self._once
        envelope = once.read(msg)
        if envelope is None:
            logger.warning(
                "A message has no id by which %s could recognise it again: it may take effect twice", once.consumer
            )
            return await super().consume_scope(call_next, msg)
        acknowledgement = _DeferredAck(msg)
        settled: AckMessage | None = None
        result: Any = None
        new: list[Envelope] = []
        try:
            async with await make_unit(once.unit_of_work, once.consumer) as unit:
                new = await once.inbox.accept(once.consumer, [envelope])
                if new:
                    with unit.held(), acknowledgement, consuming(envelope):
                        try:
                            result = await super().consume_scope(call_next, msg)
                        except AckMessage as error:
                            settled = error
                    if msg.committed:  # the subscriber has called nack() or reject()
                        await unit.rollback()
        except AfterCommitError:  # it has taken effect, and must not be delivered again
            logger.exception("%s has handled a message, but a step after the commit has failed", once.consumer)
        if not new:
            await msg.ack()
            raise AckMessage  # so that FastStream publishes no answer
        await acknowledgement.send()
        if settled is not None:
            await msg.ack()  # since FastStream 0.6 the exception alone does not acknowledge with MANUAL_ACK
            raise settled
        return result


class _DeferredAck:
    """Notes an ``ack()`` that is called within it, and sends it later."""

    def __init__(self, message: Any) -> None:
        self._message = message
        self._options: dict[str, Any] | None = None

    async def _note(self, **options: Any) -> None:
        self._options = options

    def __enter__(self) -> None:
        self._message.ack = self._note

    def __exit__(self, *_: object) -> None:
        del self._message.ack

    async def send(self) -> None:
        """Acknowledge the message, if that was noted."""
        if self._options is not None:
            await self._message.ack(**self._options)
