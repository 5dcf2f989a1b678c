"""An error of a user's code arrives as it was raised, also one whose attributes cannot be set."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncGenerator, AsyncIterator, Generator  # noqa: TC003  # containers read them
from typing import TYPE_CHECKING, Any

import pytest
from di import Container, bind_by_type
from di.dependent import Dependent
from dishka import Provider, Scope, make_async_container

import cqrs
from cqrs.context import carrying
from cqrs.events import bootstrap as events_bootstrap
from cqrs.message_brokers import MemoryMessageBroker
from cqrs.requests import bootstrap
from cqrs.workers.consumer.consumer import ConsumerPolicy
from tests.helpers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    code: int = 1


class Slotted(Exception):
    __slots__ = ("code",)


class Stubborn(Exception):
    def __setattr__(self, name: str, value: object) -> None:
        raise TypeError(name)


ERRORS = pytest.mark.parametrize("error", [Frozen(), Slotted(), Stubborn()], ids=lambda error: type(error).__name__)


class Happened(cqrs.DomainEvent):
    pass


class Do(cqrs.Request[None]):
    pass


class DoNested(cqrs.Request[None]):
    pass


class Stream(cqrs.Request[int]):
    pass


class Session:
    """Something that a generator opens; it notes what ended it."""

    def __init__(self) -> None:
        self.ended_by: list[BaseException | None] = []


async def do(command: Do, session: Session, events: cqrs.EventRecorder) -> None:
    events.record(Happened())


class Telling(cqrs.Hooks):
    def __init__(self, told: list[object]) -> None:
        self.told = told

    def event_handler_failed(self, event: Any, handler: type, error: BaseException) -> None:
        self.told.append(error)


class Stand:
    """A handler whose event's handler raises, over a session that is open then; and a hook that gets the error."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.session = Session()
        self.told: list[object] = []
        self.hooks = Telling(self.told)

    def react(self) -> Any:
        async def react(event: Happened, session: Session) -> None:
            raise self.error

        return react

    async def async_session(self) -> AsyncGenerator[Session, None]:
        try:
            yield self.session
        except BaseException as error:
            self.session.ended_by.append(error)
            raise

    def sync_session(self) -> Generator[Session, None, None]:
        try:
            yield self.session
        except BaseException as error:
            self.session.ended_by.append(error)
            raise

    def in_the_resolver(self) -> Any:
        container = cqrs.Resolver()
        container.bind(Session, self.async_session, lifetime="request")
        return container

    def in_the_resolver_and_sync(self) -> Any:
        container = cqrs.Resolver()
        container.bind(Session, self.sync_session, lifetime="request")
        return container

    def as_a_context_manager(self) -> Any:
        container = cqrs.Resolver()
        container.bind(Session, contextlib.asynccontextmanager(self.async_session), lifetime="request")
        return container

    def in_di(self) -> Any:
        container = Container()
        container.bind(bind_by_type(Dependent(self.async_session, scope="request"), Session))
        return container

    def in_dishka(self) -> Any:
        async def session() -> AsyncIterator[Session]:
            try:
                yield self.session
            finally:
                self.session.ended_by.append(None)

        provider = Provider(scope=Scope.REQUEST)
        provider.provide(session, provides=Session)
        return make_async_container(provider)


WAYS = ["in_the_resolver", "in_the_resolver_and_sync", "as_a_context_manager", "in_di", "in_dishka"]


@ERRORS
@pytest.mark.parametrize("limit", [1, 4])
@pytest.mark.parametrize("way", WAYS)
async def test_an_error_of_an_event_handler_is_raised_unchanged_and_logged(
    error: Exception, limit: int, way: str
) -> None:
    stand = Stand(error)

    def domain_events(m: cqrs.EventMap) -> None:
        m.bind(Happened, stand.react())
        m.bind(Happened, stand.react())

    mediator = bootstrap.bootstrap(
        getattr(stand, way)(),
        commands_mapper=lambda m: m.bind(Do, do),
        domain_events_mapper=domain_events,
        hooks=stand.hooks,
        max_concurrent_event_handlers=limit,
    )
    with pytest.raises(type(error)) as caught:
        await mediator.send(Do())
    assert caught.value is error
    assert stand.told[0] is error
    assert stand.session.ended_by == [None if way == "in_dishka" else error]


@ERRORS
async def test_an_error_in_a_stream_and_in_a_received_event_is_raised_as_it_is(error: Exception) -> None:
    stand = Stand(error)

    async def stream(command: Stream, session: Session, events: cqrs.EventRecorder) -> AsyncGenerator[int, None]:
        events.record(Happened())
        yield 1

    streaming = bootstrap.bootstrap_streaming(
        stand.in_the_resolver(),
        commands_mapper=lambda m: m.bind(Stream, stream),
        domain_events_mapper=lambda m: m.bind(Happened, stand.react()),
    )
    with pytest.raises(type(error)) as caught:
        async for _ in streaming.stream(Stream()):
            pass
    assert caught.value is error
    receiving = events_bootstrap.bootstrap(
        stand.in_the_resolver(), events_mapper=lambda m: m.bind(Happened, stand.react()), hooks=stand.hooks
    )
    with pytest.raises(type(error)) as caught:
        await receiving.send(Happened())
    assert caught.value is error
    assert stand.told == [error]


@pytest.fixture(params=["memory", "sqlite"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    if request.param == "memory":
        yield cqrs.MemoryDatabase()
        return
    async with cqrs.Database(f"sqlite+aiosqlite:///{tmp_path}/errors.db") as db:
        await db.upgrade()
        yield db


@ERRORS
async def test_an_error_leaves_every_block_of_a_database_as_it_is(error: Exception, database: Any) -> None:
    async def fails(command: DoNested) -> None:
        raise error

    async def sends(command: Do) -> None:
        await mediator.send(DoNested())

    def commands(m: cqrs.RequestMap) -> None:
        m.bind(Do, sends)
        m.bind(DoNested, fails)

    mediator = bootstrap.bootstrap(database=database, commands_mapper=commands)

    async def transaction() -> None:
        async with database.transaction():
            raise error

    async def joined() -> None:
        async with database.transaction():
            await transaction()

    async def separate() -> None:
        async with database.separate_transaction():
            raise error

    async def savepoint() -> None:
        async with database.unit_of_work() as unit, unit.savepoint():
            raise error

    async def with_headers() -> None:
        with carrying({"correlation-id": "c"}):
            raise error

    ways: list[Callable[[], Any]] = [
        transaction,
        joined,
        separate,
        savepoint,
        with_headers,
        lambda: mediator.send(Do()),
    ]
    for way in ways:
        with pytest.raises(type(error)) as caught:
            await way()
        assert caught.value is error


@cqrs.event_type("errors.frozen", topic="errors")
class Came(cqrs.NotificationEvent[int]):
    pass


@ERRORS
async def test_a_message_whose_handler_raises_it_is_parked_and_the_next_one_handled(
    error: Exception, database: Any
) -> None:
    handled: list[int] = []

    async def handle(event: Came) -> None:
        handled.append(event.payload)
        if event.payload == 1:
            raise error

    broker = MemoryMessageBroker()
    sender = bootstrap.bootstrap(message_broker=broker, commands_mapper=lambda m: m.bind(Do, send))
    await sender.send(Do())
    mediator = events_bootstrap.bootstrap(database=database, events_mapper=lambda m: m.bind(Came, handle))
    policy = ConsumerPolicy(attempts_in_batch=1, receive_timeout=0.01)
    consumer = cqrs.Consumer(broker.source("errors"), mediator, name="c", database=database, policy=policy)
    async with consumer:
        await until(lambda: handled[-1:] == [2])


async def send(command: Do, events: cqrs.EventRecorder) -> None:
    events.record(Came(payload=1), Came(payload=2))


async def test_an_error_that_closing_raises_is_not_taken_for_that_of_the_handler() -> None:
    class Closing(AttributeError):
        pass

    async def session() -> AsyncGenerator[Session, None]:
        try:
            yield Session()
        finally:
            raise Closing

    container = cqrs.Resolver()
    container.bind(Session, session, lifetime="request")

    async def fails(command: Do, session: Session) -> None:
        raise Frozen

    mediator = bootstrap.bootstrap(container, commands_mapper=lambda m: m.bind(Do, fails))
    with pytest.raises(Closing) as caught:
        await mediator.send(Do())
    assert isinstance(caught.value.__context__, Frozen)
