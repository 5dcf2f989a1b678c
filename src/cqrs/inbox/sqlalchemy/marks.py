"""The statements by which an inbox remembers messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import String, bindparam, delete, exists, func, literal, select
from sqlalchemy.dialects import postgresql

from cqrs._sqlalchemy.clock import database_in
from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs._sqlalchemy.inserting import insert_returning_new
from cqrs.errors.root import InvalidArgument

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from cqrs.inbox.sqlalchemy.tables import InboxTables


async def mark(session: AsyncSession, tables: InboxTables, consumer: str, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Insert the marks that are not there, all by one statement, and return theirs.

    It waits for transactions that are inserting one of them. The ids go in sorted, so that of two transactions with
    the same messages one waits for the other, and not each for the other. Raises ``InvalidArgument`` for a consumer
    whose name the table cannot hold.
    """
    if not ids:
        return set()
    table, ordered = tables.marks, sorted(ids)
    longest = getattr(table.c.consumer.type, "length", None)
    if longest is not None and len(consumer) > longest:  # two that are cut to the same would share their marks
        raise InvalidArgument("consumer", consumer, f"name it with {longest} characters at most, not {len(consumer)}")
    dialect = session.get_bind().dialect
    new = insert_returning_new(table, dialect)
    if capabilities_of(dialect).has_arrays:
        # One parameter, whatever the number: the statement is compiled by us and planned by the server once.
        each = func.unnest(bindparam("ids", ordered, postgresql.ARRAY(postgresql.UUID(as_uuid=True))))
        new = new.from_select(["consumer", "message_id"], select(literal(consumer, String), each))
    else:
        new = new.values([{"consumer": consumer, "message_id": id_} for id_ in ordered])
    found: set[uuid.UUID] = set(await session.scalars(new.returning(table.c.message_id)))
    return found


async def parked_among(
    session: AsyncSession, tables: InboxTables, consumer: str, sequences: Sequence[uuid.UUID]
) -> list[uuid.UUID]:
    """Which of these sequences have parked messages, in an order that all transactions keep; it locks nothing."""
    column = tables.sequences.c.sequence
    if capabilities_of(session.get_bind().dialect).has_arrays:
        kind = postgresql.ARRAY(postgresql.UUID(as_uuid=True))
        among: Any = column == func.any(bindparam("sequences", list(sequences), kind))
    else:
        among = column.in_(sequences)
    query = select(column).where(tables.sequences.c.consumer == consumer, among)
    return sorted(await session.scalars(query))


async def forget(
    session: AsyncSession, tables: InboxTables, consumer: str, older_than: dt.timedelta, limit: int
) -> int:
    """Remove old marks, except those of parked messages."""
    marks, parked = tables.marks.c, tables.parked.c
    kept = exists().where(parked.consumer == marks.consumer, parked.message_id == marks.message_id)
    old = (
        select(marks.message_id)
        .where(marks.consumer == consumer, marks.received_at < database_in(-older_than.total_seconds()), ~kept)
        .order_by(marks.received_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=tables.marks)
    )
    found = (await session.scalars(old)).all()
    if found:
        gone = delete(tables.marks).where(marks.consumer == consumer, marks.message_id.in_(found))
        await session.execute(gone, execution_options={"synchronize_session": False})
    return len(found)
