"""What cannot make sessions is refused at once, and not by a worker that waits for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker

import cqrs
from cqrs.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable

TAKERS: list[Callable[[Any], object]] = [
    cqrs.SqlAlchemyOutboxedEventRepository,
    cqrs.SqlAlchemyInboxRepository,
    cqrs.SqlAlchemyUnitOfWork,
]


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize(
    "wrong",
    [
        create_async_engine("sqlite+aiosqlite:///never-made.db"),
        create_engine("sqlite://"),
        sessionmaker(create_engine("sqlite://")),
        Session(create_engine("sqlite://")),
        "sqlite+aiosqlite://",
        None,
    ],
    ids=["asynchronous engine", "engine", "sessionmaker", "session", "address", "nothing"],
)
def test_factories_of_anything_but_asynchronous_sessions_are_refused(
    taker: Callable[[Any], object], wrong: object
) -> None:
    with pytest.raises(InvalidArgument, match="give an async_sessionmaker"):
        taker(wrong)


@pytest.mark.parametrize("taker", TAKERS)
def test_every_way_to_make_asynchronous_sessions_will_do(taker: Callable[[Any], object]) -> None:
    engine = create_async_engine("sqlite+aiosqlite:///never-made.db")
    # the two established ways to write a factory, and a function
    for factory in (
        async_sessionmaker(engine),
        sessionmaker(engine, class_=AsyncSession),  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
        lambda: AsyncSession(engine),
    ):
        taker(factory)
