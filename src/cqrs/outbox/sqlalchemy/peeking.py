"""Looking at an outbox in a table: one plain SELECT, without a lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, literal_column, select

from cqrs._sqlalchemy.clock import database_now
from cqrs.outbox.event import EventStatus
from cqrs.outbox.peeked import Look, MessageState, PeekedMessage
from cqrs.outbox.queue import FOREVER
from cqrs.outbox.sqlalchemy import statements

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    Model = Any  # a class with OutboxModelMixin

_ENDED = (MessageState.SENT, MessageState.DROPPED)


async def peek(session: AsyncSession, model: Model, look: Look) -> list[tuple[PeekedMessage, str | None]]:
    """What ``look`` asks for, in the order of adding, each with what compressed its body."""
    state = _state(model)
    query = (
        select(
            *statements.columns(model),
            *(model.last_error, model.created_at, model.due_at, model.lease_until),
            state.label("state"),
        )
        .where(model.id > look.after, _unsettled(model) if look.state not in _ENDED else model.pending.is_(None))
        .order_by(model.id)
        .limit(look.limit)
    )
    for column, wanted in ((state, look.state), (model.topic, look.topic), (model.message_key, look.key)):
        if wanted is not None:
            query = query.where(column == str(wanted))
    return [(_message(row), row.compression) for row in await session.execute(query)]


def _unsettled(model: Model) -> Any:
    return model.pending.in_([literal_column("0"), literal_column("1")])  # so that the index for it is seen to do


def _state(model: Model) -> Any:
    return case(
        (and_(model.pending.is_(None), model.status == EventStatus.DROPPED), MessageState.DROPPED),
        (model.pending.is_(None), MessageState.SENT),
        (model.parked_at.is_not(None), MessageState.PARKED),
        (statements.pending(model, 0), MessageState.BEHIND),
        (model.lease_until > database_now(), MessageState.HELD),
        (model.due_at > database_now(), MessageState.SCHEDULED),
        (statements.blocked(model), MessageState.BEHIND),
        else_=MessageState.WAITING,
    )


def _message(row: Any) -> PeekedMessage:
    state = MessageState(row.state)
    return PeekedMessage(
        id=row.id,
        envelope=statements.envelope_of(row),
        state=state,
        attempts=row.attempts,
        error=row.last_error or "",
        added_at=row.created_at,
        due_at=row.due_at,
        held_until=row.lease_until if state is MessageState.HELD and row.lease_until != FOREVER else None,
    )
