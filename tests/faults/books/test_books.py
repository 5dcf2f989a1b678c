"""A service in each kind of container, killed again and again: what was done is there, and nothing by halves."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from contextlib import AsyncExitStack, closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from tests.faults.books.audit import audit
from tests.faults.books.containers import CONTAINERS
from tests.faults.books.killing import Books
from tests.faults.conftest import MARIADB, POSTGRESQL, SQLITE
from tests.servers import databases

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import cqrs
    from tests.servers.client import Server
    from tests.servers.fixtures import Servers

KILLS = int(os.environ.get("CQRS_TEST_KILLS", "4"))
"""How often the service is killed in one test; more of them take longer and find no more, so far."""

SEED = int(os.environ.get("CQRS_TEST_SEED") or random.SystemRandom().getrandbits(32))
"""What the load and the moments are drawn from. Which task comes first when the moment is there stays open."""

SERVERS = {"postgres_url": "postgresql", "mariadb_url": "mariadb"}
PLACES = [(kind, database) for kind in CONTAINERS for database in (SQLITE, POSTGRESQL)] + [("resolver", MARIADB)]


@pytest.fixture(params=[pytest.param((kind, *p.values), id=f"{kind}-{p.id}", marks=p.marks) for kind, p in PLACES])
async def books(
    request: pytest.FixtureRequest, servers: Servers, redis_server: Server, tmp_path: Path
) -> AsyncIterator[Books]:
    kind, database = request.param
    async with AsyncExitStack() as opened:
        if database == "sqlite":
            urls = [sqlite_url(tmp_path / name) for name in ("shop.db", "ledger.db")]
        else:
            server = servers.shared(SERVERS[database])
            urls = [await opened.enter_async_context(databases.database(server.address)) for _ in range(2)]
        books = Books(kind, *urls, redis_server.address)
        if database == "postgres_url":
            await see_deadlocks_soon(books.shop)
        await books.open()
        yield books
        await books.close()


async def see_deadlocks_soon(database: cqrs.Database) -> None:
    """Commands end in deadlocks here: waiting for a row of an undone savepoint is waiting for its transaction."""
    async with database.transaction() as session:
        name = database.engine.url.database
        await session.execute(text(f"ALTER DATABASE {name} SET deadlock_timeout = '20ms'"))
    await database.aclose()  # for connections that are made from now on


def sqlite_url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}?timeout=60"


@pytest.mark.slow
@pytest.mark.timeout(120 + 15 * KILLS)
async def test_the_books_balance_however_often_their_service_is_killed(
    books: Books, request: pytest.FixtureRequest
) -> None:
    print(f"CQRS_TEST_SEED={SEED} CQRS_TEST_KILLS={KILLS}")  # noqa: T201  # a failure shows it
    chance = random.Random(f"{SEED} {request.node.callspec.id}")  # noqa: S311  # nothing is hidden by it
    for run in range(KILLS):
        await books.kill_once(run, chance)
    await books.drain()
    figures = await audit(books)
    print(figures)  # noqa: T201  # for runs with more kills
    assert set(books.said.values()) <= {"done", "Refused"}
    assert figures["done"] > 0


FIRST_OF = "DELETE FROM {0} WHERE id = (SELECT min(id) FROM {0})"
AGAIN = "INSERT INTO {0} ({1}) SELECT {1} FROM {0}"
TAMPERED = [
    ("shop", AGAIN.format("orders", "key, customer, cents"), "orders that are there more than once"),
    ("shop", FIRST_OF.format("orders"), "is not there"),
    ("shop", FIRST_OF.format("postings"), "postings"),
    ("shop", "UPDATE postings SET reason = 'attempt' WHERE id = 1", "postings"),
    ("shop", "UPDATE accounts SET balance = balance + 1 WHERE number = 1", "is not the sum of its postings"),
    ("shop", FIRST_OF.format("outbox"), "messages of the shop"),
    ("ledger", AGAIN.format("heard", "key, cents"), "not once"),
    ("ledger", FIRST_OF.format("heard"), "not once"),
    ("ledger", AGAIN.format("postings", "key, account, amount, reason"), "postings"),
    ("ledger", FIRST_OF.format("outbox"), "messages of the ledger"),
]


@pytest.mark.slow
@pytest.mark.server
async def test_an_audit_notices_whatever_is_wrong_with_the_books(tmp_path: Path, redis_server: Server) -> None:
    files = {name: tmp_path / f"{name}.db" for name in ("shop", "ledger")}
    books = Books("resolver", *map(sqlite_url, files.values()), redis_server.address)
    await books.open()
    await books.kill_once(0, random.Random(1))  # noqa: S311  # as above
    await books.drain()
    await audit(books)
    await books.close()
    for where, statement, noticed in TAMPERED:
        shutil.copy(files[where], tmp_path / "kept.db")
        with closing(sqlite3.connect(files[where])) as connection, connection:
            assert connection.execute(statement).rowcount > 0
        with pytest.raises(AssertionError, match=noticed):
            await audit(books)
        await books.close()
        shutil.copy(tmp_path / "kept.db", files[where])
    await audit(books)
    await books.close()
