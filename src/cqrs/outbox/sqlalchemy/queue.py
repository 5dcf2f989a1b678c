"""An outbox in a table, as a relay sees it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, select, update
from typing_extensions import override

from cqrs._failpoints import reached
from cqrs._sqlalchemy.clock import database_in, database_now
from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs._sqlalchemy.transactions import short_transaction
from cqrs.leases.sqlalchemy.store import SqlAlchemyLeaseStore
from cqrs.leases.sqlalchemy.tables import leases
from cqrs.outbox.event import EventStatus
from cqrs.outbox.queue import FOREVER, OutboxQueue
from cqrs.outbox.rows import scheduled_share
from cqrs.outbox.sqlalchemy import statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from cqrs.outbox.queue import Outcome, QueuedMessage

_SETTLED_WITHIN = 10.0
"""Seconds after which the server undoes a settlement that is idle."""

_AT_ONCE = 16
"""From how many partitions one statement takes."""


class SqlAlchemyOutboxQueue(OutboxQueue):
    """The rows of ``model``. With ``keep_produced=False`` what was sent is deleted."""

    def __init__(self, sessions: Callable[[], AsyncSession], model: Any, *, keep_produced: bool) -> None:
        self._leases = SqlAlchemyLeaseStore(sessions)
        self.scope = statements.scope_of(model)
        self._sessions = sessions
        self._model = model
        self._keep = keep_produced

    @property
    def leases(self) -> SqlAlchemyLeaseStore:
        """The leases in the same database."""
        return self._leases

    @override
    async def take(self, partitions: Sequence[int], limit: int) -> Sequence[QueuedMessage]:
        async with short_transaction(self._sessions) as session:
            found = await session.execute(statements.busy(self._model, partitions))
            busy = set(found.scalars())
            order = [partition for partition in partitions if partition in busy]
            for start in range(0, len(order), _AT_ONCE):
                taken = await self._take(session, order[start : start + _AT_ONCE], limit)
                if taken:  # else they hold only what has to wait
                    return taken
        return []

    async def _take(self, session: AsyncSession, partitions: Sequence[int], limit: int) -> list[QueuedMessage]:
        # MariaDB reads all parts of a union before it counts: few partitions, and not much more than what is wanted.
        each = min(limit, -(-2 * limit // len(partitions)))
        given = {f"p{place}": partition for place, partition in enumerate(partitions)}
        given |= {"limit": limit, "each": each, "share": scheduled_share(each)}
        found = await session.execute(statements.queued(self._model, len(partitions)), given)
        taken = [statements.message_of(row) for row in found]
        cancelled = await self._cancelled(session, [message.id for message in taken if message.scheduled])
        return [message for message in taken if message.id not in cancelled]

    async def _cancelled(self, session: AsyncSession, scheduled: Sequence[int]) -> set[int]:
        """Those of ``scheduled`` that another transaction is about to cancel; none where only one can write."""
        if not scheduled or not capabilities_of(session.get_bind().dialect).has_row_locks:
            return set()
        query = select(self._model.id).where(self._model.id.in_(scheduled)).with_for_update(skip_locked=True)
        return set(scheduled) - set((await session.execute(query)).scalars())

    @override
    async def settle(self, fences: Mapping[int, int], outcome: Outcome) -> int:
        async with short_transaction(self._sessions, let_go_after=_SETTLED_WITHIN) as session:
            slow = bool(outcome.failed or outcome.blocked)
            mine = await self._held(session, fences, lock=slow)
            sent = [message for message in outcome.sent if message.partition in mine]
            count = await self._sent(session, [message.id for message in sent])
            for failure in outcome.failed:
                if failure.message.partition in mine:
                    statement = statements.failed(self._model, failure.error, failure.retry_in)
                    count += await self._run(session, statement.where(self._still([failure.message.id])))
            if outcome.failed:
                reached("outbox.failed")
            for ids in statements.chunks([message.id for message in outcome.blocked if message.partition in mine]):
                count += await self._run(session, statements.set_aside(self._model, ids))
            for key in _late(sent):
                await release(session, self._model, key)
            return count

    @override
    async def release(self) -> int:
        model = self._model
        waiting = and_(model.message_key.is_not(None), model.lease_until.is_not(None), model.due_at.is_(None))
        # A head is a row that was parked, or that is tried again; all others that are held are set aside.
        heads = func.count(model.parked_at) + func.sum(model.pending)
        keys = select(model.message_key).where(waiting).group_by(model.message_key).having(heads == 0).limit(100)
        async with short_transaction(self._sessions) as session:
            return sum([await release(session, model, key) for key in (await session.execute(keys)).scalars().all()])

    @override
    async def clean(self, older_than: dt.timedelta, limit: int = 5_000) -> int:
        model = self._model
        old = and_(model.pending.is_(None), model.settled_at <= database_in(-older_than.total_seconds()))
        async with short_transaction(self._sessions) as session:
            found = await session.execute(select(model.id).where(old).order_by(model.settled_at).limit(limit))
            ids = found.scalars().all()
            return await self._run(session, delete(model).where(model.id.in_(ids), model.pending.is_(None)))

    @override
    async def oldest(self) -> dt.timedelta | None:
        model = self._model
        first = (
            select(model.created_at, database_now().label("now"))
            .where(statements.pending(model), model.due_at.is_(None), statements.free(model))
            .order_by(model.due_at, model.id)
            .limit(1)
        )
        async with short_transaction(self._sessions) as session:
            row = (await session.execute(first)).first()
            return None if row is None else max(dt.timedelta(0), row.now - row.created_at)

    async def _held(self, session: AsyncSession, fences: Mapping[int, int], *, lock: bool) -> set[int]:
        """The partitions that still have these fences; with ``lock``, until the end of the transaction."""
        query = select(leases.c.share, leases.c.fence).where(
            leases.c.scope == self.scope, leases.c.share.in_(list(fences))
        )
        found = await session.execute(query.with_for_update() if lock else query)
        return {row.share for row in found if fences[row.share] == row.fence}

    async def _sent(self, session: AsyncSession, sent: list[int]) -> int:
        count = 0
        for ids in statements.chunks(sent):
            if self._keep:
                statement: Any = update(self._model).values(statements.ended(EventStatus.PRODUCED))
            else:
                statement = delete(self._model)
            count += await self._run(session, statement.where(self._still(ids)))
        return count

    def _still(self, ids: Sequence[int]) -> Any:
        return and_(self._model.id.in_(ids), statements.pending(self._model))

    @staticmethod
    async def _run(session: AsyncSession, statement: Any) -> int:
        done: Any = await session.execute(statements.without_session_sync(statement))
        return int(done.rowcount)


async def release(session: AsyncSession, model: Any, key: str) -> int:
    """Let some of what is set aside for ``key`` be sent, the first ones; unless something parked is before them."""
    parked = select(model.id).where(
        model.message_key == key, model.lease_until == FOREVER, model.parked_at.is_not(None), model.due_at.is_(None)
    )
    if (await session.execute(parked.limit(1))).first() is not None:
        return 0
    first = select(model.id).where(statements.followers(model, key)).order_by(model.id).limit(statements.CHUNK)
    ids = (await session.execute(first)).scalars().all()
    if ids:
        freed = update(model).where(model.id.in_(ids)).values(pending=1, lease_until=None)
        await session.execute(statements.without_session_sync(freed))
    return len(ids)


def _late(sent: Iterable[QueuedMessage]) -> set[str]:
    """The keys of those that had failed before, or were held."""
    keys = (message.envelope.key for message in sent if message.may_block)
    return {key for key in keys if key is not None}
