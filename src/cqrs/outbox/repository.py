"""Step 4, where notifications wait, in the transaction of the business data, until they are sent: the port."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any, overload

from cqrs.errors.messages import WakeUpsUnsupported
from cqrs.errors.transactions import UnitOfWorkStateError
from cqrs.outbox.event import EventStatus, OutboxedEvent
from cqrs.wakeups.protocol import NoWakeUps

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Mapping
    from types import TracebackType

    from cqrs.envelope import Envelope
    from cqrs.outbox.parked import ParkedMessages
    from cqrs.outbox.peeked import MessageState, PeekedMessage
    from cqrs.outbox.queue import OutboxQueue, QueuedMessage
    from cqrs.wakeups.protocol import WakeUps

__all__ = ["EventStatus", "OutboxedEvent", "OutboxedEventRepository"]


class OutboxedEventRepository(abc.ABC):
    """An outbox: messages are added to it, and taken from it to be sent.

    *Filling.* A message becomes part of the transaction that it was added in: it is sent if that commits, and only
    then. Use ``async with outbox as session``, or add within a unit of work.

    *Emptying.* A loop or relay that takes messages holds them for a time; no other one gets them before that is over,
    by the clock of the database. A message that is neither settled nor given back is then taken again: nothing is lost,
    and the one that held it before can no longer settle it.
    """

    @overload
    def add(
        self,
        session: Any,
        event: Any,
        /,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        delay: dt.timedelta | float | None = None,
        due_at: dt.datetime | None = None,
        dedup_id: uuid.UUID | str | None = None,
    ) -> None: ...
    @overload
    def add(
        self,
        event: Any,
        /,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        delay: dt.timedelta | float | None = None,
        due_at: dt.datetime | None = None,
        dedup_id: uuid.UUID | str | None = None,
    ) -> None: ...
    @abc.abstractmethod
    def add(self, *given: Any, **options: Any) -> None:
        """Add ``event`` to the transaction of ``session``, or to the one that is open here.

        Messages with one ``key`` keep their order. A message is not sent before ``delay`` has passed, or ``due_at`` has
        come, by the clock of the database; it then keeps no order with others. What is not given here is taken from
        attributes of the event: ``message_key``, ``message_headers``, ``message_delay``. ``dedup_id`` gives the message
        its id in place of the event's: messages with the same one are the same message to brokers and consumers that
        recognise duplicates. Raises ``UnknownEvent`` or ``OutboxedEventMismatch`` for an event that is not registered,
        and ``UnitOfWorkStateError`` where no transaction is open.
        """

    @overload
    async def cancel(self, session: Any, message_id: uuid.UUID | str, /) -> bool: ...
    @overload
    async def cancel(self, message_id: uuid.UUID | str, /) -> bool: ...
    @abc.abstractmethod
    async def cancel(self, *given: Any) -> bool:
        """Take a scheduled message back, in the transaction of ``session`` or in the one that is open here.

        ``message_id`` is the ``event_id`` of the event, or the ``dedup_id`` that it was added with. ``True``: if the
        transaction commits, the message is gone and has not been sent; until then it waits, also when its time comes.
        ``False``: there is none that has still to wait for its time; it may be under way, or sent. Waits for other
        transactions that cancel the same one. Under an isolation level above READ COMMITTED the database may end the
        transaction with a serialization error in place of ``False``.
        """

    @abc.abstractmethod
    async def get_many(self, batch_size: int = 100, topic: str | None = None) -> list[OutboxedEvent]:
        """Take at most ``batch_size`` messages that are due, of one ``topic`` or of all, in the order of adding.

        They are *held*: until they are settled, or the lease of this repository is over (one minute by
        default), no other loop or relay sends them, nor a later message of their keys. :meth:`peek` takes nothing.
        """

    async def peek(
        self,
        limit: int = 100,
        *,
        after: int = 0,
        state: MessageState | str | None = None,
        topic: str | None = None,
        key: str | None = None,
    ) -> list[PeekedMessage]:
        """Look at what is committed and not sent, in the order of adding: at most ``limit`` messages.

        Nothing is held, locked or changed, so that relays are not disturbed. The next page comes ``after`` the last id.
        With a ``state``, a ``topic`` or a ``key``, of these only; :attr:`MessageState.SENT` and ``DROPPED`` show what
        the outbox has kept of what ended. Over one session it is a part of that one's transaction. Raises
        ``InvalidArgument`` for an argument of another kind, and ``UnitOfWorkStateError`` if this outbox cannot show
        them.
        """
        del limit, after, state, topic, key
        raise UnitOfWorkStateError(f"{type(self).__qualname__} cannot show its messages: it does not implement `peek`.")

    @abc.abstractmethod
    async def update_status(self, outboxed_event_id: int, new_status: EventStatus) -> None:
        """Record the outcome of a message with the next :meth:`commit`; unless it was sent, it can be taken again.

        Leaves out a message that another loop or relay holds now.
        """

    async def reject(self, outboxed_event_id: int, error: BaseException) -> None:
        """Record that the broker rejects a message. It is kept, and can be taken again."""
        del error
        await self.update_status(outboxed_event_id, EventStatus.NOT_PRODUCED)

    @abc.abstractmethod
    async def commit(self, session: Any = None) -> None:
        """Make durable what was added to ``session``, or recorded with :meth:`update_status`.

        Where ``async with outbox`` has joined a unit of work, that one's commit makes it durable.
        """

    @abc.abstractmethod
    async def rollback(self, session: Any = None) -> None:
        """Undo what :meth:`commit` would have made durable."""

    @property
    def place(self) -> Any:
        """Which units of work it becomes part of: those over the same place, or any if it is ``None``."""
        return None

    @property
    def database(self) -> str:
        """The name of that place, for people."""
        return type(self).__qualname__

    def queue(self) -> OutboxQueue:
        """The outbox as a relay sees it. Raises ``UnitOfWorkStateError`` if this outbox has no relay."""
        raise UnitOfWorkStateError(f"No relay can empty a {type(self).__qualname__}: use the loop of an EventProducer.")

    def envelope(self, message: QueuedMessage) -> Envelope:
        """A message of :meth:`queue` as it is sent. Raises an error of its own if it cannot be."""
        return message.envelope

    def wakeups(self, kind: str = "auto") -> WakeUps:
        """How a relay learns of new messages: by default as well as this outbox can. ``"poll"`` always works.

        Raises ``WakeUpsUnsupported`` for a kind that this outbox does not have.
        """
        if kind not in {"auto", "poll"}:
            raise WakeUpsUnsupported(type(self).__qualname__, kind)
        return NoWakeUps()

    @property
    def parked(self) -> ParkedMessages:
        """The messages that relays have given up, to be looked at, replayed or dropped."""
        raise UnitOfWorkStateError(f"A {type(self).__qualname__} parks nothing.")

    async def __aenter__(self) -> Any:
        """Open a transaction, or join the open one; what is not committed at the end is undone."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None
