"""What `database=` binds in the default resolver, and whose sessions it looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest
from dependency_injector import providers
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker
from sqlalchemy.orm import Session

import cqrs
from cqrs.assembly.command_bus import CommandBus
from cqrs.container.dependency_injector.container import DependencyInjectorCQRSContainer
from cqrs.errors import WiringError
from cqrs.events import bootstrap as event_bootstrap
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming
from tests.integration.container.session_wirings import Databases, Order, Orders, Place, from_providers, place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Placed(cqrs.DomainEvent):
    pass


class InAClass(cqrs.RequestHandler[Place, None]):
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def handle(self, request: Place) -> None:
        self.session.add(Order())


class InAChain(cqrs.CORRequestHandler[Place, None]):
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def handle(self, request: Place) -> None:
        self.session.add(Order())


class Nothing(cqrs.RequestHandler[Place, None]):
    async def handle(self, request: Place) -> None:
        """Stand in."""


class Watch(cqrs.Request[int]):
    pass


async def in_a_stream(_: Watch, session: AsyncSession) -> AsyncIterator[int]:
    session.add(Order())
    yield 1


async def on_placed(_: Placed, session: AsyncSession) -> None:
    session.add(Order())


def of_a_request(handler: Any) -> Callable[..., Any]:
    return lambda container, db: bootstrap(container, database=db, commands_mapper=lambda m: m.bind(Place, handler))


BUILDS: dict[str, Callable[..., Any]] = {
    "handler class": of_a_request(InAClass),
    "chain member": of_a_request([InAChain]),
    "primary of a fallback": of_a_request(cqrs.RequestHandlerFallback(InAClass, Nothing)),
    "fallback": of_a_request(cqrs.RequestHandlerFallback(Nothing, InAClass)),
    "stream": lambda container, db: bootstrap_streaming(
        container, database=db, queries_mapper=lambda m: m.bind(Watch, in_a_stream)
    ),
    "domain event": lambda container, db: bootstrap(
        container, database=db, domain_events_mapper=lambda m: m.bind(Placed, on_placed)
    ),
    "event from outside": lambda container, db: event_bootstrap.bootstrap(
        container, database=db, events_mapper=lambda m: m.bind(Placed, on_placed)
    ),
    "command bus": lambda container, db: CommandBus(container, database=db).register(Place, InAClass),
}


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_session_of_every_kind_of_handler_is_looked_at(given: Databases, build: Callable[..., Any]) -> None:
    container = cqrs.Resolver()
    container.bind(AsyncSession, given.open_session, lifetime="request")
    with pytest.raises(WiringError, match=r"AsyncSession: container\.bind\(AsyncSession, Databases\.open_session\)"):
        build(container, given.db)
    build(None, given.db)


async def test_session_of_a_middleware_is_its_own_affair(given: Databases) -> None:
    async def look(request: Any, handle: Any) -> Any:
        return await handle(request)

    container = cqrs.Resolver()
    container.bind(AsyncSession, given.open_session, lifetime="request")
    mediator = bootstrap(
        container, database=given.db, middlewares=[look], commands_mapper=lambda m: m.bind(Place, Nothing)
    )
    await mediator.send(Place())


class Port:
    def __init__(self, number: int) -> None: ...


def test_sessions_and_all_other_mistakes_are_reported_at_once_and_each_binding_once(given: Databases) -> None:
    async def reads(_: Placed, session: AsyncSession, port: Port) -> None: ...

    async def syncs(_: Placed, session: Session) -> None: ...

    async def records(_: Placed, service: Service) -> None: ...

    def events(m: cqrs.EventMap) -> None:
        for handler in (reads, syncs, records):
            m.bind(Placed, handler)

    container = cqrs.Resolver()
    container.bind(AsyncSession, given.sessions)
    with pytest.raises(WiringError) as refused:
        bootstrap(
            container,
            database=given.db,
            commands_mapper=lambda m: m.bind(Place, place),
            domain_events_mapper=events,
        )
    assert sorted(p.subject.rpartition("<locals>.")[2] for p in refused.value.problems) == [
        "place → Orders → AsyncSession",
        "reads → Port → int",
        "records → Service → EventRecorder",
        "syncs → Session",
    ]
    assert all(p.remedy for p in refused.value.problems)


class Service:
    def __init__(self, events: cqrs.EventRecorder) -> None: ...


# What is bound


class Rich(AsyncSession):
    """Such as SQLModel's."""

    def answer(self) -> int:
        return 42


class Richer(Rich):
    """The class of a service."""


async def test_class_of_the_sessionmaker_and_its_bases_get_the_session(given: Databases) -> None:
    seen: list[Any] = []

    async def handler(_: Place, own: Richer, base: Rich, session: AsyncSession) -> None:
        seen.extend([own, base, session])
        own.add(Order())
        assert own.answer() == 42

    db = cqrs.Database(async_sessionmaker(given.db.engine, class_=Richer))
    await bootstrap(database=db, commands_mapper=lambda m: m.bind(Place, handler)).send(Place())
    assert seen == [db.session] * 3
    assert await given.count() == 1


def test_an_earlier_binding_is_kept(given: Databases) -> None:
    container = cqrs.Resolver()
    container.bind(AsyncSession, lambda: given.db.session)
    bootstrap(container, database=given.db)
    container.bind_instance(Orders, None)
    assert container.constructor(AsyncSession)() is given.db.session  # type: ignore[misc]
    assert not container.provides(Session)


async def test_mediators_on_one_container_share_the_session_of_their_database(given: Databases) -> None:
    container = cqrs.Resolver()
    event_bootstrap.bootstrap(container, database=given.db, events_mapper=lambda m: m.bind(Placed, on_placed))
    mediator = bootstrap(container, database=given.db, commands_mapper=lambda m: m.bind(Place, place))
    same = bootstrap(
        container, database=cqrs.Database(given.db.engine), commands_mapper=lambda m: m.bind(Place, InAClass)
    )
    await mediator.send(Place())
    await same.send(Place())
    assert await given.count() == 2


# What cannot be the session of the database


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        (Rich, r"db = cqrs\.Database\(async_sessionmaker\(engine, class_=Rich\)\)"),
        (Session, r"Ask for an AsyncSession and bind .*; synchronous code runs in `await session.run_sync"),
        (async_scoped_session, "Ask for an AsyncSession"),
    ],
)
def test_session_of_another_class_is_refused_with_what_makes_it_work(given: Databases, asked: Any, remedy: str) -> None:
    async def handler(_: Place, session: Any) -> None: ...

    handler.__annotations__["session"] = asked
    with pytest.raises(WiringError, match=f"nothing is bound for {asked.__name__}.*{remedy}"):
        bootstrap(database=given.db, commands_mapper=lambda m: m.bind(Place, handler))


def test_memory_database_has_no_session_for_a_handler_that_asks_for_one(given: Databases) -> None:
    bound = cqrs.Resolver()
    bound.bind_instance(AsyncSession, given.db.session)
    for container in (None, bound):
        with pytest.raises(WiringError) as refused:
            bootstrap(container, database=cqrs.MemoryDatabase(), commands_mapper=lambda m: m.bind(Place, place))
        (problem,) = refused.value.problems
        assert problem.subject == "place → Orders → AsyncSession"
        assert problem.problem == "a database in memory has no SQLAlchemy session"
        assert "cqrs.Database" in problem.remedy
    bootstrap(database=cqrs.MemoryDatabase(), commands_mapper=lambda m: m.bind(Place, Nothing))


class Adds(Protocol):
    """What a repository needs of a session."""

    def add(self, instance: object) -> None: ...


def test_session_behind_a_protocol_is_looked_at(given: Databases) -> None:
    async def handler(_: Place, session: Adds) -> None: ...

    container = cqrs.Resolver()
    container.bind(Adds, given.sessions)
    with pytest.raises(WiringError, match="gives a session of its own"):
        bootstrap(container, database=given.db, commands_mapper=lambda m: m.bind(Place, handler))


def test_provider_that_was_bound_by_hand_is_looked_into(given: Databases) -> None:
    async def opened():  # type: ignore[no-untyped-def]  # noqa: ANN202  # its type cannot be expressed
        async with given.sessions() as session:
            yield session

    app = from_providers(lambda _, __: providers.Resource(opened))(given)
    container = DependencyInjectorCQRSContainer(app)
    container.bind(AsyncSession, app.session)
    with pytest.raises(WiringError, match=r"the provider session = providers\.Resource"):
        bootstrap(container, database=given.db, commands_mapper=lambda m: m.bind(Place, InAClass))


class ByHand:
    """A container without any of our methods but the one."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    def resolve(self, type_: type) -> Any:
        return type_(self.session)


async def test_hand_written_container_gets_the_session_by_its_own_binding(given: Databases) -> None:
    mediator = bootstrap(ByHand(given.db.session), database=given.db, commands_mapper=lambda m: m.bind(Place, InAClass))
    await mediator.send(Place())
    assert await given.count() == 1
