"""Leases in tables of SQLite, PostgreSQL or MariaDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, or_, select, update
from typing_extensions import override

from cqrs._sqlalchemy.clock import database_in, database_now
from cqrs._sqlalchemy.inserting import insert_new
from cqrs._sqlalchemy.transactions import asynchronous, short_transaction
from cqrs.leases.protocol import Holding, LeaseStore
from cqrs.leases.sqlalchemy.tables import LeaseTables, lease_tables, leases, members

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["LeaseTables", "SqlAlchemyLeaseStore", "lease_tables"]

_GONE = -86_400.0  # seconds; a worker that was not alive for a day is deleted
_share = leases.c


class SqlAlchemyLeaseStore(LeaseStore):
    """Leases by the clock of the database. Raises the errors of the database; nothing is then half done."""

    def __init__(self, sessions: Callable[[], AsyncSession]) -> None:
        self._sessions = asynchronous(sessions, "sessions", or_one=False)

    @override
    async def keep(self, scope: str, owner: str, *, count: int, ttl: float, giving_up: Collection[int] = ()) -> Holding:
        async with short_transaction(self._sessions, let_go_after=ttl) as session:
            await self._stay_alive(session, scope, owner, count, ttl)
            mine = and_(_share.scope == scope, _share.owner == owner)
            if giving_up:
                leave = mine & _share.share.in_(giving_up)
                await session.execute(update(leases).where(leave).values(owner=None, lease_until=None))
            await session.execute(update(leases).where(mine).values(lease_until=database_in(ttl)))
            alive = select(func.count()).where(members.c.scope == scope, members.c.alive_until > database_now())
            fair_share = -(-count // ((await session.execute(alive)).scalar_one() or 1))
            held = await session.execute(select(_share.share, _share.fence).where(mine))
            fences: dict[int, int] = {row.share: row.fence for row in held}
            wanted = fair_share - len(fences)
            if wanted > 0:
                fences |= await self._take(session, scope, owner, ttl=ttl, limit=wanted, spared=giving_up)
            return Holding(fences, fair_share)

    @override
    async def leave(self, scope: str, owner: str) -> None:
        async with short_transaction(self._sessions) as session:
            mine = and_(_share.scope == scope, _share.owner == owner)
            await session.execute(update(leases).where(mine).values(owner=None, lease_until=None))
            await session.execute(delete(members).where(members.c.scope == scope, members.c.owner == owner))

    async def _stay_alive(self, session: AsyncSession, scope: str, owner: str, count: int, ttl: float) -> None:
        me = and_(members.c.scope == scope, members.c.owner == owner)
        renewed: Any = await session.execute(update(members).where(me).values(alive_until=database_in(ttl)))
        if renewed.rowcount:
            return
        # By their names: else MariaDB would wait for the rows of workers that renew at the moment, and they for this.
        gone = select(members.c.owner).where(members.c.scope == scope, members.c.alive_until < database_in(_GONE))
        for name in (await session.execute(gone)).scalars().all():
            await session.execute(delete(members).where(members.c.scope == scope, members.c.owner == name))
        new = members.insert().values(scope=scope, owner=owner, alive_until=database_in(ttl))
        await session.execute(new)
        known = set((await session.execute(select(_share.share).where(_share.scope == scope))).scalars())
        missing = [{"scope": scope, "share": number} for number in range(count) if number not in known]
        if missing:
            await session.execute(insert_new(leases, (await session.connection()).dialect), missing)

    @staticmethod
    async def _take(  # noqa: PLR0913  # what to take, for whom, and for how long
        session: AsyncSession, scope: str, owner: str, *, ttl: float, limit: int, spared: Collection[int]
    ) -> dict[int, int]:
        free = or_(_share.lease_until.is_(None), _share.lease_until <= database_now())
        others = or_(_share.owner.is_(None), _share.owner != owner)
        found = await session.execute(
            select(_share.share, _share.fence)
            .where(_share.scope == scope, free, others, _share.share.not_in(spared))
            .order_by(_share.share)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        taken: dict[int, int] = {row.share: row.fence + 1 for row in found}
        if taken:
            which = and_(_share.scope == scope, _share.share.in_(taken))
            values = {"owner": owner, "fence": _share.fence + 1, "lease_until": database_in(ttl)}
            await session.execute(update(leases).where(which).values(values))
        return taken
