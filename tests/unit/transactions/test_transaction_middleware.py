from __future__ import annotations

import functools
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

import cqrs
from cqrs.errors import InvalidArgument, UnitOfWorkStateError
from cqrs.middlewares.transaction import TransactionMiddleware
from cqrs.unit_of_work import MemoryUnitOfWork, current_unit_of_work
from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
from tests.helpers.errors import Deliberate

SESSIONS = async_sessionmaker(create_async_engine("sqlite+aiosqlite:///never-made.db"))


async def open_unit(request: Any) -> Any:
    return current_unit_of_work()


def with_argument(request: Any) -> MemoryUnitOfWork:
    return MemoryUnitOfWork(request)


def object_of_nothing() -> Any:
    return object()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (MemoryUnitOfWork(), "this one unit of work would be that of all turns"),
        (SESSIONS, "it makes sessions"),
        (AsyncSession, "is no unit of work"),
        (dict, "is no unit of work"),
        (with_argument, "it takes arguments"),
        (None, "give a function without arguments"),
        ("MemoryUnitOfWork", "give a function without arguments"),
        (SqlAlchemyUnitOfWork, "it takes arguments"),
    ],
    ids=["instance", "sessionmaker", "session class", "class", "arguments", "nothing", "name", "needs a session"],
)
def test_arguments_that_make_no_unit_of_work_are_refused(given: Any, problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem):
        TransactionMiddleware(given)


async def test_a_function_that_makes_something_else_is_refused_at_the_first_turn() -> None:
    with pytest.raises(InvalidArgument, match="it made no unit of work"):
        await TransactionMiddleware(object_of_nothing)("request", open_unit)


@pytest.mark.parametrize(
    "factory",
    [MemoryUnitOfWork, lambda: MemoryUnitOfWork(), functools.partial(MemoryUnitOfWork, "here")],  # noqa: PLW0108
    ids=["class", "function", "partial"],
)
async def test_each_turn_has_a_unit_of_its_own(factory: Any) -> None:
    middleware = TransactionMiddleware(factory)
    first, second = await middleware("request", open_unit), await middleware("request", open_unit)
    assert first is not second
    assert isinstance(first, MemoryUnitOfWork)


async def test_an_async_function_is_awaited() -> None:
    async def make() -> MemoryUnitOfWork:
        return MemoryUnitOfWork()

    assert isinstance(await TransactionMiddleware(make)("request", open_unit), MemoryUnitOfWork)


async def test_one_unit_for_all_requests_raises_at_the_second_of_two_at_once() -> None:
    """A singleton in the container that the function looks into."""
    single = MemoryUnitOfWork()
    middleware = TransactionMiddleware(lambda: single)

    async def nested(request: Any) -> None:
        async with single:
            raise AssertionError

    with pytest.raises(UnitOfWorkStateError, match="a second time"):
        await middleware("request", nested)


async def test_a_database_is_taken_in_place_of_a_function() -> None:
    database = cqrs.MemoryDatabase()
    unit = await TransactionMiddleware(database)("request", open_unit)
    assert unit.place is database


async def test_an_error_undoes_the_turn_and_is_raised_as_it_was() -> None:
    written: list[str] = []

    async def fails(request: Any) -> None:
        current_unit_of_work().enlist(lambda: written.append("undone"))  # type: ignore[union-attr]
        raise Deliberate

    with pytest.raises(Deliberate):
        await TransactionMiddleware(MemoryUnitOfWork)("request", fails)
    assert written == []


async def test_a_session_that_was_brought_for_each_request_is_not_joined_silently() -> None:
    """The container gives each request a session: what the inner turn writes would never be committed."""

    def one_for_each_request() -> SqlAlchemyUnitOfWork:
        return SqlAlchemyUnitOfWork(SESSIONS())

    middleware = TransactionMiddleware(one_for_each_request)

    async def outer(request: Any) -> None:
        await middleware("inner", open_unit)

    with pytest.raises(cqrs.errors.SecondTransaction, match="a session of its own"):
        await middleware("outer", outer)
