"""Sessions that FastAPI's ``Depends`` gives out."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import fastapi
import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cqrs.errors import UnitOfWorkStateError
from tests.integration.transactions.stand import Note, Run, Service, note


async def post(app: fastapi.FastAPI, **parameters: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        return await client.post("/notes", params=parameters)


async def test_the_session_of_the_transaction_is_a_dependency(stand: Service) -> None:
    """Hand-written wiring: a repository over the dependency is used by the handler."""
    app = fastapi.FastAPI()

    def get_session() -> AsyncSession:
        return stand.db.session

    @app.post("/notes")
    async def write(session: Annotated[AsyncSession, fastapi.Depends(get_session)]) -> list[str]:
        async def work() -> None:
            await note(session, "one")

        await stand.send(work)
        return await stand.notes()

    response = await post(app)
    assert (response.status_code, response.json()) == (200, ["one"])


async def test_a_block_around_the_endpoint_is_the_transaction_of_its_turns(stand: Service) -> None:
    app = fastapi.FastAPI()

    async def transaction() -> AsyncIterator[AsyncSession]:
        async with stand.db.transaction() as session:
            yield session

    @app.post("/notes")
    async def write(session: Annotated[AsyncSession, fastapi.Depends(transaction)], fail: bool = False) -> None:  # noqa: FBT001, FBT002
        await stand.send(stand.writes("turn"))
        await note(session, "endpoint")
        if fail:
            raise fastapi.HTTPException(418)

    assert (await post(app, fail=True)).status_code == 418
    assert await stand.notes() == []
    assert (await post(app)).status_code == 200
    assert await stand.notes() == ["turn", "endpoint"]


async def test_a_session_of_the_dependency_itself_is_refused_in_the_turn(stand: Service) -> None:
    """The usual provider, which opens a session and commits it after the response was sent."""
    app = fastapi.FastAPI()

    async def get_session() -> AsyncIterator[AsyncSession]:
        async with stand.sessions() as session:
            yield session
            await session.commit()

    @app.post("/notes")
    async def write(session: Annotated[AsyncSession, fastapi.Depends(get_session)]) -> None:
        await stand.send(lambda: note(session, "lost"))

    with pytest.raises(UnitOfWorkStateError, match=r"db\.session"):
        await post(app)
    assert await stand.notes() == []


async def test_a_session_through_which_the_user_was_read_is_refused_in_the_turn(server_stand: Service) -> None:
    stand = server_stand
    app = fastapi.FastAPI()

    async def get_session() -> AsyncIterator[AsyncSession]:
        async with stand.sessions() as session:
            await session.execute(select(Note))
            yield session
            await session.commit()

    @app.post("/notes")
    async def write(session: Annotated[AsyncSession, fastapi.Depends(get_session)]) -> None:
        await stand.send(lambda: note(session, "lost"))

    with pytest.raises(UnitOfWorkStateError):
        await post(app)
    assert await stand.notes() == []


async def test_a_background_task_cannot_write_in_the_turn_that_is_over(stand: Service) -> None:
    app = fastapi.FastAPI()
    raised: list[type[BaseException]] = []

    async def later() -> None:
        try:
            await stand.write("lost")
        except UnitOfWorkStateError as error:
            raised.append(type(error))

    @app.post("/notes")
    async def write(tasks: fastapi.BackgroundTasks) -> None:
        async def work() -> None:
            tasks.add_task(later)
            await stand.write("one")

        await stand.send(work)

    assert (await post(app)).status_code == 200
    assert (len(raised), await stand.notes()) == (1, ["one"])


async def test_a_background_task_may_send_a_command(stand: Service) -> None:
    app = fastapi.FastAPI()

    @app.post("/notes")
    async def write(tasks: fastapi.BackgroundTasks) -> None:
        tasks.add_task(stand.mediator.send, Run(stand.writes("later")))
        await stand.send(stand.writes("one"))

    assert (await post(app)).status_code == 200
    assert await stand.notes() == ["one", "later"]
