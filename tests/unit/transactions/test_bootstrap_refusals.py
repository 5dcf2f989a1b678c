"""What a bootstrap refuses, all of it at once: it would lose something without a word."""

from __future__ import annotations

from collections.abc import AsyncIterator  # noqa: TC003  # the container reads the annotations of providers
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

import cqrs
from cqrs.errors import WiringError
from cqrs.events.bootstrap import bootstrap as bootstrap_events
from cqrs.middlewares.transaction import TransactionMiddleware
from cqrs.outbox.memory.repository import MemoryOutboxedEventRepository
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming
from cqrs.unit_of_work import MemoryUnitOfWork
from tests.unit.transactions.service import REGISTRY, Run, bind

if TYPE_CHECKING:
    from collections.abc import Callable

SESSIONS = async_sessionmaker(create_async_engine("sqlite+aiosqlite:///never-made.db"))


def command_bus(**options: Any) -> cqrs.CommandBus:
    return cqrs.CommandBus(options.pop("di_container", None), options.pop("middlewares", None) or (), **options)


BOOTSTRAPS: list[Any] = [bootstrap, bootstrap_streaming, bootstrap_events]


async def passes(request: Any, handle: Any) -> Any:
    return await handle(request)


def refused(build: Callable[..., Any], **options: Any) -> str:
    with pytest.raises(WiringError) as caught:
        build(**options)
    return str(caught.value)


@pytest.mark.parametrize("build", BOOTSTRAPS)
def test_an_outbox_without_a_transaction_is_refused(build: Any) -> None:
    text = refused(build, outbox=MemoryOutboxedEventRepository(registry=REGISTRY))
    assert "no transaction is open when a turn ends" in text
    assert "separate_outbox_transaction=True" in text
    assert "a crash between the commit" in text


@pytest.mark.parametrize("build", BOOTSTRAPS)
def test_an_outbox_with_separate_transactions_can_be_asked_for(build: Any) -> None:
    build(outbox=MemoryOutboxedEventRepository(registry=REGISTRY), separate_outbox_transaction=True)


@pytest.mark.parametrize("build", BOOTSTRAPS)
def test_an_outbox_with_a_transaction_is_fine(build: Any) -> None:
    build(
        outbox=MemoryOutboxedEventRepository(registry=REGISTRY), middlewares=[TransactionMiddleware(MemoryUnitOfWork)]
    )


@pytest.mark.parametrize("build", [*BOOTSTRAPS, command_bus])
def test_two_transaction_middlewares_are_refused(build: Any) -> None:
    two = [TransactionMiddleware(MemoryUnitOfWork), TransactionMiddleware(MemoryUnitOfWork)]
    assert "2 TransactionMiddlewares" in refused(build, middlewares=two)


@pytest.mark.parametrize("build", [*BOOTSTRAPS, command_bus])
def test_a_middleware_within_the_transaction_is_refused(build: Any) -> None:
    text = refused(build, middlewares=[TransactionMiddleware(MemoryUnitOfWork), passes])
    assert "passes after the TransactionMiddleware" in text
    assert "Put the TransactionMiddleware last" in text


@pytest.mark.parametrize("build", [*BOOTSTRAPS, command_bus])
def test_a_middleware_around_the_transaction_is_fine(build: Any) -> None:
    build(middlewares=[passes, TransactionMiddleware(MemoryUnitOfWork)])


@pytest.mark.parametrize("build", [*BOOTSTRAPS, command_bus])
def test_a_transaction_middleware_beside_a_database_is_refused(build: Any) -> None:
    text = refused(build, database=cqrs.MemoryDatabase(), middlewares=[TransactionMiddleware(MemoryUnitOfWork)])
    assert "each turn would have two transactions" in text


@pytest.mark.parametrize("build", [*BOOTSTRAPS, command_bus])
@pytest.mark.parametrize("given", ["sqlite://", SESSIONS, MemoryUnitOfWork], ids=["url", "sessionmaker", "class"])
def test_an_object_that_is_no_database_is_refused(build: Any, given: Any) -> None:
    assert "it is no database of this package" in refused(build, database=given)


def test_an_outbox_beside_that_of_the_database_is_refused() -> None:
    outbox = MemoryOutboxedEventRepository(registry=REGISTRY)
    assert "an outbox of its own" in refused(bootstrap, database=cqrs.MemoryDatabase(), outbox=outbox)


def test_an_outbox_of_another_database_than_the_transactions_is_refused() -> None:
    one, other = cqrs.MemoryDatabase(), cqrs.MemoryDatabase()
    text = refused(bootstrap, middlewares=[TransactionMiddleware(one)], outbox=other.outbox)
    assert "Use the outbox of the same database" in text


def test_everything_is_reported_at_once() -> None:
    text = refused(
        bootstrap,
        middlewares=[TransactionMiddleware(MemoryUnitOfWork), TransactionMiddleware(MemoryUnitOfWork)],
        outbox=MemoryOutboxedEventRepository(registry=REGISTRY),
        serializer=object(),
        database=cqrs.MemoryDatabase(),
    )
    for part in ("in addition to database=", "an outbox of its own", "an outbox encodes by itself"):
        assert part in text


async def by_session(command: Run, session: AsyncSession) -> None:
    """A handler that writes through a session."""


class Notebook:
    """A repository of a user."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session


async def by_repository(command: Run, notebook: Notebook) -> None:
    """A handler that writes through a repository."""


async def opened() -> AsyncIterator[AsyncSession]:
    """A provider that opens a session and commits it at the end of the request."""
    async with SESSIONS() as session:
        yield session
        await session.commit()


def from_engine(engine: AsyncEngine) -> AsyncSession:
    """A provider that makes a session over an engine of the container."""
    return AsyncSession(engine)


@pytest.mark.parametrize("handler", [by_session, by_repository])
@pytest.mark.parametrize("lifetime", ["transient", "request", "singleton"])
@pytest.mark.parametrize("provider", [SESSIONS, opened, from_engine], ids=["sessionmaker", "generator", "function"])
def test_another_session_in_the_graph_of_a_handler_is_refused(handler: Any, lifetime: Any, provider: Any) -> None:
    """Its rows would never be committed, or apart from the others."""
    container = cqrs.Resolver()
    container.bind_instance(AsyncEngine, SESSIONS.kw["bind"])
    container.bind(AsyncSession, provider, lifetime=lifetime)
    text = refused(
        bootstrap,
        di_container=container,
        database=cqrs.Database(SESSIONS),
        commands_mapper=lambda m: m.bind(Run, handler),
    )
    assert "AsyncSession" in text
    assert "db.session" in text


@pytest.mark.parametrize("handler", [by_session, by_repository])
def test_the_session_of_the_database_in_the_graph_of_a_handler_is_fine(handler: Any) -> None:
    database = cqrs.Database(SESSIONS)
    container = cqrs.Resolver()
    container.bind_instance(AsyncSession, database.session)
    bootstrap(container, database=database, commands_mapper=lambda m: m.bind(Run, handler))
    bootstrap(database=database, commands_mapper=lambda m: m.bind(Run, handler))


def test_the_session_of_another_database_in_the_graph_of_a_handler_is_refused() -> None:
    container = cqrs.Resolver()
    other = async_sessionmaker(create_async_engine("sqlite+aiosqlite:///other.db"))
    container.bind_instance(AsyncSession, cqrs.Database(other).session)
    text = refused(
        bootstrap,
        di_container=container,
        database=cqrs.Database(SESSIONS),
        commands_mapper=lambda m: m.bind(Run, by_session),
    )
    assert "AsyncSession" in text


@pytest.mark.parametrize("handler", [by_session, by_repository])
def test_a_session_that_was_not_bound_is_not_made_up(handler: Any) -> None:
    """``AsyncSession()`` can be built without arguments, has no engine, and loses whatever is added to it."""
    assert "AsyncSession" in refused(bootstrap, commands_mapper=lambda m: m.bind(Run, handler))


class Policy:
    """A service of a user that records events, which are never read."""

    def __init__(self, events: cqrs.EventRecorder) -> None:
        self.events = events


async def by_policy(command: Run, policy: Policy) -> None:
    """A handler that takes the service."""


def test_a_recorder_in_a_service_is_refused() -> None:
    assert "EventRecorder" in refused(bootstrap, commands_mapper=lambda m: m.bind(Run, by_policy))


def test_a_recorder_of_a_handler_function_is_fine() -> None:
    bootstrap(commands_mapper=bind)
