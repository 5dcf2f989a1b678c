"""The statements by which an inbox parks messages and takes them up again.

Each transaction that changes what is parked of a key changes its row in ``sequences`` first, and so waits for others
that do the same; in transactions that see one moment only, the later one fails and is done again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, insert, select, text, update

from cqrs._sqlalchemy.clock import database_in, database_now
from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs._sqlalchemy.inserting import insert_new
from cqrs.inbox.large import kept
from cqrs.inbox.parked import TakenSequence, packed, unpacked

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from cqrs.envelope import Envelope
    from cqrs.inbox.sqlalchemy.tables import InboxTables

_SMALL, _LARGEST = 400_000, 250_000_000  # bytes: what every server takes, and a quarter of what any of them does
_AS_THEY_ARE = {"synchronize_session": False}


def the_sequence(tables: InboxTables, consumer: str, sequence: uuid.UUID) -> Any:
    """The condition for its row."""
    return and_(tables.sequences.c.consumer == consumer, tables.sequences.c.sequence == sequence)


def later(retry_in: float | None) -> Any:
    """When to try again."""
    return None if retry_in is None else database_in(retry_in)


async def changed(session: AsyncSession, statement: Any) -> int:
    """How many rows ``statement`` has changed."""
    result: Any = await session.execute(statement, execution_options=_AS_THEY_ARE)
    return int(result.rowcount)


async def line_up(
    session: AsyncSession, tables: InboxTables, consumer: str, sequence: uuid.UUID, envelopes: Sequence[Envelope]
) -> bool:
    """Park messages behind those of ``sequence``; ``False`` if nothing of it is parked any more."""
    grown = update(tables.sequences).where(the_sequence(tables, consumer, sequence))
    if not await changed(session, grown.values(size=tables.sequences.c.size + len(envelopes))):
        return False
    most = await _most(session, max(len(envelope.body) for envelope in envelopes))
    bodies = [kept(envelope, most) for envelope in envelopes]
    rows = [
        {
            "consumer": consumer,
            "sequence": sequence,
            "message_id": envelope.message_id,
            "head": packed(envelope, body),
            "body": body.body,
        }
        for envelope, body in zip(envelopes, bodies, strict=True)
    ]
    await session.execute(insert(tables.parked), rows)
    return True


async def _most(session: AsyncSession, largest: int) -> int:
    """How large a body may be; a database is asked only if that can matter."""
    bound = capabilities_of(session.get_bind().dialect).largest_packet
    if largest <= _SMALL or bound is None:
        return _LARGEST
    packet = await session.scalar(text(bound))
    # In the text of a statement each byte may be two; the rest is for all else in it.
    return min((int(packet or 0) - _SMALL // 10) // 2, _LARGEST)


async def begin(  # noqa: PLR0913, PLR0917  # the columns of its row
    session: AsyncSession,
    tables: InboxTables,
    consumer: str,
    sequence: uuid.UUID,
    error: str,
    retry_in: float | None,
) -> None:
    """Make a sequence without messages, unless it is there."""
    row = {
        "consumer": consumer,
        "sequence": sequence,
        "size": 0,
        "attempts": 1,
        "retry_at": later(retry_in),
        "last_error": error,
    }
    await session.execute(insert_new(tables.sequences, session.get_bind().dialect).values(row))


async def take(session: AsyncSession, tables: InboxTables, consumer: str, limit: int) -> TakenSequence | None:
    """Lock a sequence that is due and not locked by another transaction, and read its first messages."""
    sequences, parked = tables.sequences.c, tables.parked.c
    due = (
        select(sequences.sequence, sequences.attempts)
        .where(sequences.consumer == consumer, sequences.retry_at <= database_now())
        .order_by(sequences.retry_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = (await session.execute(due)).first()
    if found is None:
        return None
    messages = (
        select(parked.id, parked.head, parked.body)
        .where(parked.consumer == consumer, parked.sequence == found.sequence)
        .order_by(parked.id)
        .limit(limit)
    )
    rows = await session.execute(messages)
    return TakenSequence(
        consumer, found.sequence, found.attempts, tuple((row.id, unpacked(row.head, row.body)) for row in rows)
    )


async def shorten(
    session: AsyncSession, tables: InboxTables, consumer: str, sequence: uuid.UUID, ids: Sequence[int]
) -> None:
    """Remove messages; what is next is due. A sequence without messages goes too."""
    this = the_sequence(tables, consumer, sequence)
    left = update(tables.sequences).where(this)
    await changed(
        session,
        left.values(size=tables.sequences.c.size - len(ids), attempts=0, retry_at=database_now(), last_error=""),
    )
    await changed(session, delete(tables.parked).where(tables.parked.c.id.in_(ids)))
    await changed(session, delete(tables.sequences).where(this, tables.sequences.c.size <= 0))
