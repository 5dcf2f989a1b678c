from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from cqrs._sqlalchemy.inserting import insert_new
from cqrs.leases.sqlalchemy.tables import leases
from cqrs.migrations import upgrade
from cqrs.testing.conformance.inbox import ME, message

if TYPE_CHECKING:
    from tests.integration.inbox.backends import Database


async def test_the_driver_has_nothing_to_warn_of_when_messages_come_again(
    mariadb_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    inbox, (one, two) = mariadb_database.inbox(), (message(), message())
    with caplog.at_level(logging.DEBUG, "asyncmy"):
        for given, new in (([one], [one]), ([one, two], [two]), ([one, two], [])):
            async with mariadb_database.unit_of_work():
                assert await inbox.accept(ME, given) == new
    assert caplog.messages == []


async def test_its_warnings_are_kept_again_after_that(mariadb_database: Database) -> None:
    inbox, same = mariadb_database.inbox(), message()
    for _ in range(2):
        async with mariadb_database.unit_of_work() as unit:
            await inbox.accept(ME, [same])
            assert await unit.session.scalar(text("SELECT @@max_error_count")) > 0


async def test_existing_rows_stay_unchanged_without_a_warning_and_values_too_long_are_refused(
    mariadb_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await upgrade(mariadb_database.engine, subjects=["leases"])
    statement = insert_new(leases, mariadb_database.engine.dialect)
    rows = [{"scope": "scope", "share": share} for share in range(3)]
    with caplog.at_level(logging.DEBUG, "asyncmy"):
        async with mariadb_database.sessions() as session, session.begin():
            await session.execute(statement, rows[:2])
            await session.execute(leases.update().values(fence=7))
            await session.execute(statement, rows)
            found = await session.execute(select(leases.c.share, leases.c.fence).order_by(leases.c.share))
            assert found.all() == [(0, 7), (1, 7), (2, 0)]
    assert caplog.messages == []
    with pytest.raises(DBAPIError, match="too long"):
        async with mariadb_database.sessions() as session:
            await session.execute(statement, [{"scope": "s" * 191, "share": 1}])


async def test_a_consumer_whose_name_would_be_cut_is_refused(mariadb_database: Database) -> None:
    inbox, same = mariadb_database.inbox(), message()
    async with mariadb_database.unit_of_work():
        assert await inbox.accept("ü" * 128, [same]) == [same]
    with pytest.raises(ValueError, match="128 characters at most, not 129"):
        async with mariadb_database.unit_of_work():
            await inbox.accept("ü" * 129, [same])


async def test_a_body_that_the_server_does_not_take_is_parked_compressed_or_without_it(
    mariadb_database: Database,
) -> None:
    inbox = mariadb_database.inbox()
    text_of_17_mb, noise = (
        message(key="text", body=b'"\0"' * 5_700_000),
        message(key="noise", body=os.urandom(17_000_000)),
    )
    behind = message(key="noise", body=os.urandom(9_000_000))
    for large in (text_of_17_mb, noise):
        async with mariadb_database.unit_of_work():
            await inbox.park(ME, large, ValueError("too large"), None)
    other = message(key="other")
    async with mariadb_database.unit_of_work():
        assert await inbox.accept(ME, [behind, other]) == [other]
    whole, without = await inbox.parked.list(ME)
    assert whole.envelope == text_of_17_mb
    assert (without.envelope.body, without.envelope.message_id, without.behind) == (b"", noise.message_id, 1)
    said = without.envelope.headers["unreadable"]
    assert "17,000,000 bytes was not kept" in said
    assert f"{noise.message_id} in 'topic'" in said
    assert await inbox.parked.drop(ME, without.id) == 1
    async with mariadb_database.unit_of_work():
        taken = await inbox.take(ME)
    assert taken is not None
    assert [envelope.message_id for _, envelope in taken.messages] == [behind.message_id]
    assert "unreadable" in taken.messages[0][1].headers
