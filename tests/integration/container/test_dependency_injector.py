"""What is peculiar to containers of dependency-injector."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pytest
from dependency_injector import containers, providers, resources

from cqrs.container.dependency_injector.container import DependencyInjectorCQRSContainer
from cqrs.errors import DependencyError, WiringError
from cqrs.requests.bootstrap import bootstrap
from cqrs.requests.request import Request
from cqrs.requests.request_handler import RequestHandler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

T_co = TypeVar("T_co", covariant=True)


class Speaks(Protocol):
    def speak(self) -> str: ...


class Dog(Speaks):
    def speak(self) -> str:
        return "wow"


class Meetings(ABC):
    @abstractmethod
    def name(self) -> str: ...


class SqlMeetings(Meetings):
    def __init__(self, dsn: str = "sql") -> None:
        self.dsn = dsn

    def name(self) -> str:
        return self.dsn


class FakeMeetings(Meetings):
    def name(self) -> str:
        return "fake"


class CachedMeetings(Meetings):
    def __init__(self, inner: Meetings) -> None:
        self.inner = inner

    def name(self) -> str:
        return f"cached {self.inner.name()}"


class Clock:
    pass


class Join(Request[str]):
    pass


class JoinHandler(RequestHandler[Join, str]):
    def __init__(self, meetings: Meetings, clock: Clock) -> None:
        self.meetings, self.clock = meetings, clock

    async def handle(self, _: Join) -> str:
        return self.meetings.name()


def bind(m: Any) -> None:
    m.bind(Join, JoinHandler)


def container_with(**named: Any) -> containers.DynamicContainer:
    container = containers.DynamicContainer()
    container.set_providers(**named)
    return container


async def given(container: Any, type_: Any = Meetings) -> Any:
    return await DependencyInjectorCQRSContainer(container).resolve(type_)


# The container


class Application(containers.DeclarativeContainer):
    service = providers.Factory(SqlMeetings)


@pytest.mark.parametrize(
    "container",
    [Application(), Application, DependencyInjectorCQRSContainer(Application())],
    ids=["raw", "class", "own"],
)
async def test_handlers_take_what_they_need_from_the_providers(container: Any) -> None:
    assert await bootstrap(container, commands_mapper=bind).send(Join()) == "sql"


async def test_container_can_be_attached_later() -> None:
    container = DependencyInjectorCQRSContainer()
    for use in (lambda: container.external_container, lambda: container.check([JoinHandler])):
        with pytest.raises(WiringError, match="no container is attached"):
            use()
    container.attach_external_container(application := Application())
    assert container.external_container is application
    assert await bootstrap(container, commands_mapper=bind).send(Join()) == "sql"


async def test_another_container_can_be_attached_instead() -> None:
    container = DependencyInjectorCQRSContainer(Application())
    assert (await container.resolve(JoinHandler)).meetings.name() == "sql"
    container.attach_external_container(container_with(fake=providers.Factory(FakeMeetings)))
    assert (await container.resolve(JoinHandler)).meetings.name() == "fake"


async def test_handler_with_a_provider_comes_from_it() -> None:
    container = container_with(handler=providers.Factory(JoinHandler, meetings=FakeMeetings(), clock=Clock()))
    assert await bootstrap(container, commands_mapper=bind).send(Join()) == "fake"


async def test_another_handler_is_never_taken_for_the_one_that_was_asked_for() -> None:
    class Audited(JoinHandler):
        pass

    container = container_with(
        audited=providers.Factory(Audited, meetings=FakeMeetings(), clock=Clock()), sql=providers.Factory(SqlMeetings)
    )
    assert type(await given(container, JoinHandler)) is JoinHandler


# How a provider is found


def make_meetings() -> Meetings:
    return SqlMeetings("function")


async def make_meetings_later() -> Meetings:
    return SqlMeetings("coroutine")


def open_meetings() -> Iterator[Meetings]:
    yield SqlMeetings("generator")


async def open_meetings_later() -> AsyncIterator[Meetings]:
    yield SqlMeetings("async generator")


class MeetingsResource(resources.Resource[Meetings]):
    def init(self) -> Meetings:
        return SqlMeetings("resource")


class AsyncMeetingsResource(resources.AsyncResource[Meetings]):
    async def init(self) -> Meetings:
        return SqlMeetings("async resource")


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        (providers.Factory(SqlMeetings), "sql"),
        (providers.Singleton(SqlMeetings), "sql"),
        (providers.ThreadSafeSingleton(SqlMeetings), "sql"),
        (providers.ContextLocalSingleton(SqlMeetings), "sql"),
        (providers.Object(SqlMeetings("object")), "object"),
        (providers.Callable(make_meetings), "function"),
        (providers.Factory(make_meetings), "function"),
        (providers.Coroutine(make_meetings_later), "coroutine"),
        (providers.Singleton(make_meetings_later), "coroutine"),
        (providers.Resource(open_meetings), "generator"),
        (providers.Resource(open_meetings_later), "async generator"),
        (providers.Resource(MeetingsResource), "resource"),
        (providers.Resource(AsyncMeetingsResource), "async resource"),
        (providers.Dependency(instance_of=Meetings, default=providers.Factory(SqlMeetings)), "sql"),  # type: ignore[type-abstract]
        (providers.Selector(lambda: "a", a=providers.Factory(SqlMeetings), b=providers.Factory(FakeMeetings)), "sql"),
    ],
)
async def test_every_kind_of_provider_is_found_by_what_it_gives(provider: Any, name: str) -> None:
    container = container_with(meetings=provider, clock=providers.Factory(Clock))
    assert DependencyInjectorCQRSContainer(container).check([JoinHandler]) == []
    assert (await given(container)).name() == name


async def test_provider_of_the_exact_class_comes_before_one_of_a_subclass() -> None:
    class MySql(SqlMeetings):
        pass

    container = container_with(mine=providers.Factory(MySql, "mine"), sql=providers.Factory(SqlMeetings))
    assert (await given(container, SqlMeetings)).name() == "sql"


async def test_nested_containers_are_searched() -> None:
    class Gateways(containers.DeclarativeContainer):
        meetings = providers.Factory(SqlMeetings, "nested")

    class Outer(containers.DeclarativeContainer):
        gateways = providers.Container(Gateways)

    assert (await given(Outer())).name() == "nested"


async def test_provider_passed_to_a_nested_container_is_found_once() -> None:
    class Inner(containers.DeclarativeContainer):
        meetings = providers.Dependency(instance_of=Meetings)  # type: ignore[type-abstract]
        gateways = providers.DependenciesContainer()

    class Outer(containers.DeclarativeContainer):
        meetings = providers.Factory(SqlMeetings)
        inner = providers.Container(Inner, meetings=meetings)

    assert (await given(Outer())).name() == "sql"


async def test_overriding_provider_answers() -> None:
    application = Application()
    container = DependencyInjectorCQRSContainer(application)
    assert (await container.resolve(JoinHandler)).meetings.name() == "sql"
    with application.service.override(providers.Factory(FakeMeetings)):
        assert (await container.resolve(JoinHandler)).meetings.name() == "fake"
    with application.service.override(SqlMeetings("object")):
        assert (await container.resolve(JoinHandler)).meetings.name() == "object"


async def test_provider_is_found_by_what_overrides_it() -> None:
    class Ports(containers.DeclarativeContainer):
        meetings = providers.Dependency()

    assert (await given(Ports(meetings=providers.Factory(SqlMeetings)))).name() == "sql"


async def test_protocol_is_found_by_a_class_derived_from_it() -> None:
    assert isinstance(await given(container_with(dog=providers.Factory(Dog)), Speaks), Dog)


class Repository(Protocol[T_co]):
    def first(self) -> T_co: ...


class Names(Repository[str]):
    def first(self) -> str:
        return ""


class Numbers(Repository[int]):
    def first(self) -> int:
        return 0


class NeedsNumbers:
    def __init__(self, numbers: Repository[int]) -> None:
        self.numbers = numbers


async def test_generic_port_is_found_by_its_arguments() -> None:
    container = container_with(names=providers.Factory(Names), numbers=providers.Factory(Numbers))
    assert isinstance((await given(container, NeedsNumbers)).numbers, Numbers)


class NeedsValues:
    def __init__(self, home: Path = Path("home"), fee: Decimal = Decimal(1), name: str = "name") -> None:
        self.given = (home, fee, name)


async def test_values_are_not_taken_for_others_of_their_type() -> None:
    container = container_with(
        config=providers.Configuration(default={"vat": "0.2"}),
        data=providers.Object(Path("data")),
        vat=providers.Object(Decimal("0.2")),
        title=providers.Object("title"),
        number=providers.Factory(str, 5),
    )
    container.set_provider("other_vat", container.config.vat.as_(Decimal))
    assert (await given(container, NeedsValues)).given == (Path("home"), Decimal(1), "name")


# Several that fit


async def test_of_two_that_fit_the_one_that_uses_the_other_is_taken() -> None:
    sql = providers.Factory(SqlMeetings)
    assert (await given(container_with(sql=sql, cached=providers.Factory(CachedMeetings, sql)))).name() == "cached sql"


async def test_two_types_that_fit_equally_are_reported_until_one_is_named() -> None:
    application = container_with(one=providers.Factory(SqlMeetings), two=providers.Factory(FakeMeetings))
    container = DependencyInjectorCQRSContainer(application)
    (found,) = container.check([JoinHandler])
    assert found.subject == "JoinHandler → Meetings"
    assert found.problem == "several providers give Meetings: one, two"
    assert "bind(Meetings, app.one)" in found.remedy
    container.bind(Meetings, application.two)  # as its text advises
    assert container.check([JoinHandler]) == []
    assert (await container.resolve(JoinHandler)).meetings.name() == "fake"


# What is reported beforehand


class AnotherService:
    def __init__(self, meetings: Meetings) -> None: ...


@pytest.mark.parametrize(
    ("provider", "problem", "remedy"),
    [
        (providers.Factory(Clock), "Meetings is an interface and nothing is bound for it", "providers.Factory(Your"),
        (
            providers.Dependency(instance_of=Meetings),
            "the dependency meetings is not defined",
            "Pass it",
        ),  # type: ignore[type-abstract]
        (providers.AbstractFactory(Meetings), "the abstract provider of Meetings is not overridden", "Override it"),
        (
            providers.Factory(CachedMeetings),
            "CachedMeetings is called with missing a required argument: 'inner'",
            "Pass",
        ),
        (
            providers.Factory(CachedMeetings, providers.Dependency(instance_of=Clock)),
            "the dependency Clock is not defined",
            "Pass it",
        ),
    ],
)
def test_provider_that_fails_is_reported(provider: Any, problem: str, remedy: str) -> None:
    container = DependencyInjectorCQRSContainer(container_with(meetings=provider))
    (found,) = container.check([JoinHandler])
    assert found.subject == "JoinHandler → Meetings"
    assert problem in found.problem
    assert remedy in found.remedy


def test_provider_is_named_with_its_container() -> None:
    class Inner(containers.DeclarativeContainer):
        meetings = providers.Dependency(instance_of=Meetings)  # type: ignore[type-abstract]

    class Outer(containers.DeclarativeContainer):
        inner = providers.Container(Inner)

    (found,) = DependencyInjectorCQRSContainer(Outer()).check([JoinHandler])
    assert "inner.meetings cannot make it" in found.problem
    assert "Outer.inner.meetings is not defined" in found.problem


def test_missing_value_is_reported_in_terms_of_this_container() -> None:
    class NeedsName:
        def __init__(self, name: str) -> None: ...

    (found,) = DependencyInjectorCQRSContainer(container_with()).check([NeedsName])
    assert found.problem == "nothing is bound for str"
    assert "bind_instance(str, value)" in found.remedy


@pytest.mark.parametrize(
    "provider",
    [
        providers.Factory(CachedMeetings, inner=providers.Selector(lambda: "a", a=providers.Dependency())),
        providers.Factory(CachedMeetings, providers.Factory(CachedMeetings), inner__inner=SqlMeetings()),
        providers.Factory(SqlMeetings, dsn=providers.Configuration().dsn),
        providers.Factory(SqlMeetings).add_kwargs(dsn="later"),
    ],
)
def test_there_is_no_false_alarm_about_what_may_work(provider: Any) -> None:
    container = container_with(meetings=provider)
    assert DependencyInjectorCQRSContainer(container).check([JoinHandler]) == []


def test_there_is_no_false_alarm_about_what_no_handler_needs() -> None:
    container = container_with(
        sql=providers.Factory(SqlMeetings),
        missing=providers.Dependency(instance_of=Clock),
        user=providers.Factory(AnotherService),
    )
    assert DependencyInjectorCQRSContainer(container).check([JoinHandlerWithoutClock]) == []


class JoinHandlerWithoutClock(RequestHandler[Join, str]):
    def __init__(self, meetings: Meetings) -> None:
        self.meetings = meetings

    async def handle(self, _: Join) -> str:
        return self.meetings.name()


# Lifetimes


async def test_request_scoped_dependencies_are_bound_in_the_adapter() -> None:
    closed: list[Meetings] = []

    async def session() -> AsyncIterator[Meetings]:
        meetings = SqlMeetings("session")
        yield meetings
        closed.append(meetings)

    container = DependencyInjectorCQRSContainer(Application())
    container.bind(Meetings, session, lifetime="request")
    assert await bootstrap(container, commands_mapper=bind).send(Join()) == "session"
    assert [meetings.name() for meetings in closed] == ["session"]


async def test_resource_that_two_requests_wait_for_survives_the_cancellation_of_one() -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def connect() -> Meetings:
        entered.set()
        await go_on.wait()
        return SqlMeetings("connected")

    connect.__annotations__["return"] = Meetings
    mediator = bootstrap(container_with(meetings=providers.Resource(connect)), commands_mapper=bind)
    first, second = (asyncio.create_task(mediator.send(Join())) for _ in range(2))
    await entered.wait()
    first.cancel()
    go_on.set()
    assert await second == "connected"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_missing_provider_is_found_by_the_request_without_an_earlier_check() -> None:
    with pytest.raises(DependencyError, match="JoinHandler → Meetings: Meetings is an interface"):
        await given(container_with(), JoinHandler)
