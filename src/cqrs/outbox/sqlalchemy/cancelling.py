"""Taking back a message that waits for its time.

Either the message is cancelled or it is sent. Whoever cancels locks the row first and then looks, by the clock of the
database, whether its time has still to come; whoever sends takes only what is due, and passes over what is locked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from cqrs._sqlalchemy.clock import database_now
from cqrs.outbox.sqlalchemy.statements import free, pending, quietly

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
    done: Any = await session.execute(quietly(waits))
    return bool(done.rowcount)
