"""Cancelling a message whose due time is still to come.

Either the message is cancelled or it is sent. Cancelling locks the row first and then compares its due time with the
clock of the database; a relay takes only messages that are due, and passes over rows that are locked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from cqrs._sqlalchemy.clock import database_now
from cqrs.outbox.sqlalchemy.statements import free, pending, without_session_sync

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession


async def cancel(session: AsyncSession, model: Any, message_ids: Sequence[uuid.UUID]) -> bool:
    """Delete messages from the table, in the transaction of ``session``, if they are not due yet; whether any was."""
    scheduled = select(model.id).where(model.message_id.in_(message_ids), model.due_at.is_not(None), pending(model))
    ids = (await session.execute(scheduled.with_for_update())).scalars().all()
    if not ids:
        return False
    # A statement of its own: the clock of the first one stood still while it waited for the lock.
    waits = delete(model).where(model.id.in_(ids), pending(model), free(model), model.due_at > database_now())
    done: Any = await session.execute(without_session_sync(waits))
    return bool(done.rowcount)
