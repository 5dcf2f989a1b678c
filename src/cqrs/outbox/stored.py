"""Step 4, what the outboxes of this package share: everything but the storage."""

from __future__ import annotations

import abc
import dataclasses
import datetime as dt
import time
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cqrs._arguments import COMPRESSOR, REGISTRY, SERIALIZER, Needed, check, check_given
from cqrs._text import storable
from cqrs.errors.root import CQRSError, InvalidArgument
from cqrs.errors.transactions import NoOpenTransaction
from cqrs.leases.worker_names import worker_name
from cqrs.outbox import transaction as outbox_transaction
from cqrs.outbox.arguments import delay_in_seconds, due, ids_meant_by, look_given, row_ids
from cqrs.outbox.event import EventStatus, OutboxedEvent
from cqrs.outbox.map import OutboxedEventMap, registered_name
from cqrs.outbox.repository import OutboxedEventRepository
from cqrs.outbox.rows import (
    NewRow,
    Settlement,
    TakenRow,
    envelope_of,
    packed,
    unpacked,
)
from cqrs.serializers.json import JsonSerializer
from cqrs.unit_of_work.stack import unit_for

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from cqrs.compressors.protocol import Compressor
    from cqrs.envelope import Envelope
    from cqrs.events.registry import EventRegistry
    from cqrs.outbox.peeked import Look, MessageState, PeekedMessage
    from cqrs.outbox.queue import QueuedMessage
    from cqrs.serializers.protocol import Serializer
    from cqrs.unit_of_work.protocol import UnitOfWork

LEASE = dt.timedelta(minutes=1)
"""For how long taken messages are held by default."""

_USABLE = 0.8  # of the lease; the rest is for a send that is under way and for the settlement


_LEASE = Needed("a timedelta, such as timedelta(seconds=60)", kind=dt.timedelta)


class StoredOutbox(OutboxedEventRepository):
    """An outbox over a storage. Fill it from any number of tasks; empty it from one, others use outboxes of their own.

    A subclass stores, takes and settles rows.
    """

    def __init__(
        self,
        compressor: Compressor | None,
        registry: EventRegistry | None,
        lease: dt.timedelta,
        serializer: Serializer | None = None,
    ) -> None:
        check_given("compressor", compressor, COMPRESSOR)
        check_given("registry", registry, REGISTRY)
        check_given("serializer", serializer, SERIALIZER)
        check("lease", lease, _LEASE)
        if lease < dt.timedelta(0):
            raise InvalidArgument("lease", lease, f"give {_LEASE.give}")
        self.registry = registry or OutboxedEventMap.registry
        self._compressor = compressor
        self._serializer = serializer or JsonSerializer()
        self._lease = lease
        self._owner = worker_name()
        self._held: dict[int, int] = {}
        self._recorded: list[Settlement] = []

    @override
    def add(  # the parts of a message
        self,
        *given: Any,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        delay: dt.timedelta | float | None = None,
        due_at: dt.datetime | None = None,
        dedup_id: uuid.UUID | str | None = None,
    ) -> None:
        session, event = given if len(given) > 1 else (None, *given)
        if due_at is not None:
            if delay is not None:
                raise InvalidArgument("due_at", due_at, "give either this or a delay")
            due_at = due(due_at)
        name = registered_name(self.registry, event)
        whole = envelope_of(event, name, self._serializer, key=key, headers=headers, dedup_id=dedup_id)
        envelope, compression = packed(whole, self._compressor)
        if delay is None and due_at is None:
            delay = event.message_delay
        wait = None if delay is None else delay_in_seconds(delay)
        self._store(
            self._session() if session is None else session,
            NewRow(envelope=envelope, compression=compression, delay=wait, due_at=due_at),
        )
        entered = outbox_transaction.innermost(self, session)
        if entered is not None:
            entered.added += 1

    @override
    async def cancel(self, *given: Any) -> bool:
        session, message_id = given if len(given) > 1 else (None, *given)
        ids = ids_meant_by(message_id)
        return await self._cancel(self._session() if session is None else session, ids)

    @override
    async def peek(
        self,
        limit: int = 100,
        *,
        after: int = 0,
        state: MessageState | str | None = None,
        topic: str | None = None,
        key: str | None = None,
    ) -> list[PeekedMessage]:
        found = await self._peek(look_given(limit, after, state, topic, key))
        return [self._shown(message, compression) for message, compression in found]

    @override
    async def get_many(self, batch_size: int = 100, topic: str | None = None) -> list[OutboxedEvent]:
        usable_until = time.monotonic() + self._lease.total_seconds() * _USABLE
        rows = await self._take(batch_size, topic)
        self._held.update((row.id, row.fence) for row in rows)
        return [self._outboxed(row, usable_until) for row in rows]

    @override
    async def update_status(self, outboxed_event_id: int, new_status: EventStatus) -> None:
        await self._record(outboxed_event_id, EventStatus(new_status), None)

    @override
    async def reject(self, outboxed_event_id: int, error: BaseException) -> None:
        """Note that the broker rejects a message; the error is stored with it."""
        await self._record(outboxed_event_id, EventStatus.NOT_PRODUCED, storable(error))

    @override
    async def commit(self, session: Any = None) -> None:
        await self._settle_recorded()
        entered = outbox_transaction.innermost(self, session)
        if entered is None:
            await self._commit_session(session)
        else:
            await entered.commit()

    @override
    async def rollback(self, session: Any = None) -> None:
        """Undo what was not committed. Messages that were taken stay held until their lease is over."""
        self._recorded.clear()
        entered = outbox_transaction.innermost(self, session)
        if entered is None:
            await self._rollback_session(session)
        else:
            await entered.rollback()

    async def __aenter__(self) -> Any:
        unit = unit_for(self, "This outbox")
        return (await outbox_transaction.enter(self, self._unit_of_work, unit)).session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await outbox_transaction.leave(kind, error, traceback)

    def _session(self) -> Any:
        unit = unit_for(self, "This outbox")
        if unit is None:
            raise NoOpenTransaction("A message for the outbox")
        return unit.session

    def envelope(self, message: QueuedMessage) -> Envelope:
        """``message`` as it is sent."""
        return unpacked(message.envelope, message.compression, self._compressor)

    def _outboxed(self, row: TakenRow, usable_until: float) -> OutboxedEvent:
        envelope, unreadable = row.envelope, None
        try:
            envelope = unpacked(envelope, row.compression, self._compressor)
        except CQRSError as error:  # others of the batch can be sent
            unreadable = error
        return OutboxedEvent(
            row.id,
            None,
            row.envelope.topic,
            row.status,
            envelope=envelope,
            unreadable=unreadable,
            fence=row.fence,
            attempts=row.attempts,
            decode=self._decoded,
            held=lambda: time.monotonic() < usable_until,
        )

    def _decoded(self, envelope: Envelope) -> Any:
        event_type = self.registry.type_of(envelope.name, envelope.version)
        return self._serializer.deserialize(envelope.body, envelope.content_type, event_type)

    def _shown(self, message: PeekedMessage, compression: str | None) -> PeekedMessage:
        try:
            envelope = unpacked(message.envelope, compression, self._compressor)
        except CQRSError:
            envelope = dataclasses.replace(message.envelope, content_encoding=compression)
        return dataclasses.replace(message, envelope=envelope)

    async def _record(self, id_: int, status: EventStatus, error: str | None) -> None:
        (id_,) = row_ids("outboxed_event_id", (id_,))
        self._recorded.append(Settlement(id_, self._held.pop(id_, None), status, error))

    async def _settle_recorded(self) -> None:
        if self._recorded:
            await self._settle(self._recorded)
            self._recorded = []

    @abc.abstractmethod
    def _unit_of_work(self) -> UnitOfWork: ...

    @abc.abstractmethod
    def _store(self, session: Any, row: NewRow) -> None: ...

    @abc.abstractmethod
    async def _cancel(self, session: Any, ids: Sequence[uuid.UUID]) -> bool: ...

    @abc.abstractmethod
    async def _peek(self, look: Look) -> Sequence[tuple[PeekedMessage, str | None]]: ...

    @abc.abstractmethod
    async def _take(self, limit: int, topic: str | None) -> Sequence[TakenRow]: ...

    @abc.abstractmethod
    async def _settle(self, settlements: Sequence[Settlement]) -> None: ...

    @abc.abstractmethod
    async def _commit_session(self, session: Any) -> None: ...

    @abc.abstractmethod
    async def _rollback_session(self, session: Any) -> None: ...
