from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text

from cqrs.leases.sqlalchemy.store import SqlAlchemyLeaseStore
from cqrs.testing.conformance.leases import LeaseStoreConformance
from tests.helpers.databases import KINDS

if TYPE_CHECKING:
    from tests.integration.sqlalchemy.backends import SqlBackend

EARLIER = {
    "postgresql": "{0} - make_interval(secs => {1})",
    "mariadb": "{0} - INTERVAL {1} SECOND",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', {0}, '-{1} seconds')",
}
TIMES = (("cqrs_leases", "lease_until"), ("cqrs_lease_members", "alive_until"))


class SqlLeases:
    """Leases of one database. Its clock cannot be put forward, so what is in the tables is put back."""

    def __init__(self, backend: SqlBackend) -> None:
        self._backend = backend
        self._sent = 0
        event.listen(backend.engine.sync_engine, "before_cursor_execute", self._count)

    def store(self) -> SqlAlchemyLeaseStore:
        return SqlAlchemyLeaseStore(self._backend.sessions)

    async def pass_time(self, seconds: float) -> None:
        earlier = EARLIER[self._backend.engine.dialect.name]
        async with self._backend.engine.begin() as connection:
            for table, column in TIMES:
                then = earlier.format(column, seconds)
                await connection.execute(text(f"UPDATE {table} SET {column} = {then}"))  # noqa: S608  # names of ours

    def statements(self) -> int:
        return self._sent

    def _count(self, *_: Any) -> None:
        self._sent += 1


class TestLeaseStore(LeaseStoreConformance):
    @pytest.fixture(params=KINDS)
    def backend(self, request: pytest.FixtureRequest) -> SqlLeases:
        return SqlLeases(request.getfixturevalue(f"{request.param}_backend"))
