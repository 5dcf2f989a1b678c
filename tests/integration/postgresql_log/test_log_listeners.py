"""Listeners of the session that add to a log: until its messages are written, which is the last thing before COMMIT."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, text

from cqrs.errors import TransactionEnded
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from tests.helpers.events import numbered

if TYPE_CHECKING:
    from typing import Any

    from tests.integration.postgresql_log.stand import LogOutbox

pytestmark = pytest.mark.server


async def test_a_listener_adds_to_the_log_until_that_is_written(stand: LogOutbox) -> None:
    async with stand.relay(), stand.database.sessions() as session:

        def early(_: Any) -> None:
            stand.outbox.add(numbered(2))

        def late(_: Any) -> None:
            with pytest.raises(TransactionEnded, match="in the log"):
                stand.outbox.add(numbered(3))

        event.listen(session.sync_session, "before_commit", early, once=True)
        async with SqlAlchemyUnitOfWork(session):
            await session.execute(text("select 1"))
            stand.outbox.add(numbered(1))
            event.listen(session.sync_session, "before_commit", late, once=True)
        async with SqlAlchemyUnitOfWork(session):
            stand.outbox.add(numbered(4))
        await stand.arrived(1, 2, 4)
