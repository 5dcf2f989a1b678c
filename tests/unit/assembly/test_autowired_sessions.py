"""A session of SQLAlchemy that is not bound is never made up, with or without a database, whatever makes the rest."""

from __future__ import annotations

from typing import Any, NewType

import pytest

import cqrs
from cqrs.container.session_types import class_of, is_of_the_transaction, makes_sessions, session_class
from cqrs.errors import DependencyError, WiringError
from cqrs.requests.bootstrap import bootstrap


def named(name: str, module: str = "sqlalchemy.orm.session", *bases: type) -> Any:
    """A class that is taken for the one of SQLAlchemy, which need not be installed."""
    return type(name, bases, {"__module__": module})


AsyncSession = named("AsyncSession", "sqlalchemy.ext.asyncio.session")
OfAUser = named("OfAUser", "shop.database", AsyncSession)
Session = named("Session")
Scoped = named("async_scoped_session", "sqlalchemy.ext.asyncio.scoping")
Maker = named("async_sessionmaker", "sqlalchemy.ext.asyncio.session")


class Ask(cqrs.Request[None]):
    pass


def needs(type_: Any) -> Any:
    """A handler whose repository asks for a session, and which has a default for another one."""

    class Repository:
        def __init__(self, session: Any, other: Any = None) -> None:
            self.session, self.other = session, other

    Repository.__init__.__annotations__ |= {"session": type_, "other": type_ | None}

    async def ask(_: Ask, repository: Repository) -> None:
        raise AssertionError(repository)

    ask.__annotations__["repository"] = Repository
    return ask


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        (AsyncSession, "Pass database=db, a cqrs.Database, to the bootstrap, which binds its session"),
        (OfAUser, "Pass database=db, a cqrs.Database(async_sessionmaker(engine, class_=OfAUser)), to the bootstrap"),
        (Session, "Ask for an AsyncSession, and pass database=db, a cqrs.Database, to the bootstrap"),
        (Scoped, "Ask for an AsyncSession, and pass database=db, a cqrs.Database, to the bootstrap"),
    ],
)
def test_session_that_is_not_bound_is_refused_and_the_database_is_named_first(asked: Any, remedy: str) -> None:
    with pytest.raises(WiringError) as refused:
        bootstrap(commands_mapper=lambda m: m.bind(Ask, needs(asked)))
    (found,) = refused.value.problems
    assert found.subject.endswith(f"Repository → {asked.__name__}")
    assert found.problem.startswith(f"nothing is bound for {asked.__name__}, and one that is made here would have no")
    assert found.remedy.startswith(remedy)


async def test_session_is_not_made_on_demand_either() -> None:
    with pytest.raises(DependencyError, match="nothing is bound for AsyncSession"):
        await cqrs.Resolver().resolve(AsyncSession)


def test_session_that_is_bound_is_given_without_a_database() -> None:
    container = cqrs.Resolver()
    container.bind(AsyncSession)
    bootstrap(container, commands_mapper=lambda m: m.bind(Ask, needs(AsyncSession)))


def test_parameter_with_a_default_keeps_it() -> None:
    class Perhaps:
        def __init__(self, session: Any = None) -> None:
            self.session = session

    Perhaps.__init__.__annotations__["session"] = AsyncSession | None
    assert cqrs.Resolver().constructor(Perhaps)().session is None  # type: ignore[misc]


def test_class_of_a_service_that_is_called_session_is_none() -> None:
    assert session_class(named("Session", "shop.auth")) is None
    assert session_class(named("sessionmaker", "shop.auth")) is None
    bootstrap(commands_mapper=lambda m: m.bind(Ask, needs(named("Session", "shop.auth"))))


def test_session_is_known_under_a_new_type() -> None:
    assert session_class(NewType("Main", AsyncSession)) is AsyncSession


@pytest.mark.parametrize("factory", [AsyncSession, Maker(), Scoped(), OfAUser])
def test_factories_of_sessions_are_recognised(factory: Any) -> None:
    assert makes_sessions(factory)


@pytest.mark.parametrize("factory", [object, object(), lambda: None, "session".upper, Maker])
def test_factories_that_may_make_anything_are_not_recognised(factory: Any) -> None:
    assert not makes_sessions(factory)


def test_class_of_a_thing_is_its_own_unless_it_stands_for_a_session() -> None:
    ours = named("SessionOfTheTransaction", "cqrs.unit_of_work.sqlalchemy.session", AsyncSession)
    theirs = named("OfAUserOfTheTransaction", "abc", ours, OfAUser)
    assert [class_of(kind()) for kind in (AsyncSession, OfAUser, ours, theirs)] == [
        *(AsyncSession, OfAUser),
        *(AsyncSession, OfAUser),
    ]
    assert [is_of_the_transaction(kind()) for kind in (AsyncSession, OfAUser, ours, theirs)] == [
        *(False, False),
        *(True, True),
    ]
