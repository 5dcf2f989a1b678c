"""Connections that have ended while they were idle."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url, text

import cqrs
from cqrs._sqlalchemy import idle_connections
from tests.integration.postgresql_log.proxy import proxy_to
from tests.integration.transactions.stand import REGISTRY, Base, Run, note

if TYPE_CHECKING:
    import pytest

    from tests.integration.transactions.stand import Service

CONNECTIONS = 5  # what the pool keeps

_OTHERS = {
    "postgresql": "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()",
    "mariadb": "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()",
}
_END = {"postgresql": "SELECT pg_terminate_backend({})", "mariadb": "KILL {}"}


async def test_turns_after_the_server_has_ended_idle_connections_succeed(
    server_address: str, server_stand: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle_connections, "_IDLE", 0.0)
    stand = server_stand
    async with cqrs.Database(server_address, metadata=Base.metadata, registry=REGISTRY) as db:
        mediator = stand.bootstrap(db)
        both = asyncio.Barrier(CONNECTIONS)

        async def write(what: str) -> None:
            await note(db.session, what)
            await both.wait()  # each turn has a connection of its own

        for when in ("before", "after"):
            turns = [mediator.send(Run(lambda n=n, when=when: write(f"{when} {n}"))) for n in range(CONNECTIONS)]
            await asyncio.gather(*turns)
            assert len(await stand.notes()) == (CONNECTIONS if when == "before" else 2 * CONNECTIONS)
            await _end_all_but_mine(stand)


async def test_a_connection_that_gives_no_answer_is_replaced(
    postgres_url: str, postgres_stand: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle_connections, "_IDLE", 0.0)
    monkeypatch.setattr(idle_connections, "_PATIENCE", 0.2)
    url = make_url(postgres_url)
    async with proxy_to(str(url.host), int(url.port or 5432)) as proxy:
        through = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        async with cqrs.Database(through, metadata=Base.metadata, registry=REGISTRY) as db:
            mediator = postgres_stand.bootstrap(db)
            await mediator.send(Run(lambda: note(db.session, "before")))
            proxy.black_hole()
            await mediator.send(Run(lambda: note(db.session, "after")))
    assert await postgres_stand.notes() == ["before", "after"]


async def test_a_connection_that_was_just_used_is_not_asked(server_address: str, server_stand: Service) -> None:
    async with cqrs.Database(server_address, metadata=Base.metadata, registry=REGISTRY) as db:
        mediator = server_stand.bootstrap(db)
        await mediator.send(Run(lambda: note(db.session, "first")))
        asked: list[Any] = []
        dialect, ping = db.engine.dialect, db.engine.dialect.do_ping
        dialect.do_ping = lambda connection: asked.append(connection) or ping(connection)
        await mediator.send(Run(lambda: note(db.session, "second")))
        assert asked == []


async def _end_all_but_mine(stand: Service) -> None:
    kind = stand.kind
    async with stand.outside.connect() as connection:
        for (number,) in (await connection.execute(text(_OTHERS[kind]))).all():
            await connection.execute(text(_END[kind].format(number)))
