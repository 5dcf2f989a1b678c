"""The statements that take rows from an outbox and settle them.

A poll goes through the index on ``pending``: it costs the same with none and with millions of rows that were sent.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.orm import aliased

from cqrs._sqlalchemy.clock import database_in, database_now
from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs.outbox.event import EventStatus
from cqrs.outbox.rows import Settlement, TakenRow, scheduled_share
from cqrs.outbox.sqlalchemy.queue import release
from cqrs.outbox.sqlalchemy.statements import chunks, envelope_of, followers, free, pending, without_session_sync

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select, Update
    from sqlalchemy.ext.asyncio import AsyncSession

    Model = Any  # a class with OutboxModelMixin


async def take(  # noqa: PLR0913  # which rows, and for which owner
    session: AsyncSession, model: Model, *, limit: int, topic: str | None, owner: str, lease: float
) -> list[TakenRow]:
    """Take rows that are due and not held, in the transaction of ``session``."""
    waited = _candidates(model, topic).where(model.due_at <= database_now()).limit(scheduled_share(limit))
    rows = await _take_some(session, model, waited, owner, lease)
    if len(rows) < limit:
        others = _candidates(model, topic).where(model.due_at.is_(None)).limit(limit - len(rows))
        rows += await _take_some(session, model, others, owner, lease)
    return rows


async def _take_some(
    session: AsyncSession, model: Model, candidates: Select[Any], owner: str, lease: float
) -> list[TakenRow]:
    """Rows of ``candidates``, held by ``owner`` from now on."""
    mark = update(model).values(lease_owner=owner, lease_until=database_in(lease), fence=model.fence + 1)
    if not capabilities_of((await session.connection()).dialect).has_row_locks:
        found = await session.execute(
            _returning(model, mark.where(model.id.in_(candidates.with_only_columns(model.id))))
        )
        rows = sorted(found.all(), key=lambda row: (row.due_at is not None, row.due_at, row.id))
        return [_taken(row, row.fence) for row in rows]
    rows = list((await session.execute(candidates.with_for_update(skip_locked=True))).all())
    for ids in chunks([row.id for row in rows]):
        await session.execute(without_session_sync(mark.where(model.id.in_(ids))))
    return [_taken(row, row.fence + 1) for row in rows]


async def settle(session: AsyncSession, model: Model, settlements: Sequence[Settlement], *, keep_produced: bool) -> int:
    """Record the outcome of rows whose lease the caller still holds; returns the number of rows."""
    count = 0
    keys = await _keys_with_followers(session, model, [settlement.id for settlement in settlements])
    for (status, error, fence), group in groupby(sorted(settlements, key=_outcome), key=_outcome):
        for ids in chunks([settlement.id for settlement in group]):
            statement: Any = delete(model) if _goes(status, keep_produced) else _outcome_of(model, status, error)
            held = free(model) if fence < 0 else model.fence == fence
            done: Any = await session.execute(
                without_session_sync(statement.where(model.id.in_(ids), held, pending(model)))
            )
            count += done.rowcount
    for key in keys:
        await release(session, model, key)
    return count


async def _keys_with_followers(session: AsyncSession, model: Model, ids: Sequence[int]) -> set[str]:
    """The keys of rows behind which a relay has set others aside while they were held."""
    other = aliased(model)
    behind = select(other.id).where(followers(other, model.message_key)).exists()
    found: set[str] = set()
    for some in chunks(ids):
        keyed = select(model.message_key).where(model.id.in_(some), model.message_key.is_not(None), behind)
        found.update((await session.execute(keyed.distinct())).scalars())
    return found


def _outcome(settlement: Settlement) -> tuple[str, str, int]:
    fence = -1 if settlement.fence is None else settlement.fence
    return settlement.status.value, settlement.error or "", fence


def _goes(status: str, keep_produced: bool) -> bool:  # noqa: FBT001  # it has no other
    return status == EventStatus.PRODUCED and not keep_produced


def _outcome_of(model: Model, status: str, error: str) -> Update:
    values: dict[str, Any] = {"status": status, "lease_owner": None, "lease_until": None}
    if status == EventStatus.PRODUCED:
        values |= {"pending": None, "settled_at": database_now()}
    if error:
        values |= {"attempts": model.attempts + 1, "last_error": error}
    return update(model).values(values)


def _candidates(model: Model, topic: str | None) -> Any:
    query: Any = select(*_columns(model)).where(pending(model), free(model)).order_by(model.due_at, model.id)
    return query if topic is None else query.where(model.topic == topic)


def _columns(model: Model) -> list[Any]:
    return [column for column in model.__table__.columns if column.name not in {"created_at", "partition_no"}]


def _returning(model: Model, statement: Update) -> Any:
    return without_session_sync(statement.returning(*_columns(model)))


def _taken(row: Row[Any], fence: int) -> TakenRow:
    return TakenRow(
        id=row.id,
        envelope=envelope_of(row),
        compression=row.compression,
        status=EventStatus(row.status),
        attempts=row.attempts,
        fence=fence,
    )
