"""What is peculiar to containers of ``di``."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, MutableMapping  # di reads annotations of results
from typing import Annotated, Any, Generic, Protocol, TypeVar

import di
import pytest
from di import dependent

from cqrs.container.di.container import DIContainer
from cqrs.errors import DependencyError, WiringError
from cqrs.requests.bootstrap import bootstrap
from cqrs.requests.request import Request
from cqrs.requests.request_handler import RequestHandler

T = TypeVar("T")


class Clock:
    pass


class Meetings(Protocol):
    def name(self) -> str: ...


class SqlMeetings(Meetings):
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def name(self) -> str:
        return "sql"


class FakeMeetings(Meetings):
    def name(self) -> str:
        return "fake"


class Join(Request[str]):
    pass


class JoinHandler(RequestHandler[Join, str]):
    def __init__(self, meetings: Meetings, clock: Clock, limit: int = 3) -> None:
        self.meetings, self.clock, self.limit = meetings, clock, limit

    async def handle(self, _: Join) -> str:
        return self.meetings.name()


def bind(m: Any) -> None:
    m.bind(Join, JoinHandler)


def container_with(*bindings: tuple[dependent.Dependent[Any], Any]) -> di.Container:
    container = di.Container()
    for provider, type_ in bindings:
        container.bind(di.bind_by_type(provider, type_))
    return container


def of(call: Any, scope: Any = "request", **more: Any) -> dependent.Dependent[Any]:
    return dependent.Dependent(call, scope=scope, **more)


def subjects(container: DIContainer, *types: Any) -> list[str]:
    return [problem.subject for problem in container.check(types)]


# Building


async def test_handlers_need_no_binding() -> None:
    mediator = bootstrap(container_with((of(SqlMeetings), Meetings)), commands_mapper=bind)
    assert await mediator.send(Join()) == "sql"


async def test_class_without_binding_serves_all_dependents_in_a_request() -> None:
    container = DIContainer(container_with((of(SqlMeetings), Meetings)))
    async with container.scope() as scope:
        handler = await scope.resolve(JoinHandler)
    assert handler.clock is handler.meetings.clock  # type: ignore[attr-defined]  # those of sql have one


async def test_dependent_without_a_scope_lives_per_request() -> None:
    container = DIContainer(container_with((of(SqlMeetings, scope=None), Meetings)))
    async with container.scope() as scope:
        assert (await scope.resolve(JoinHandler)).meetings is (await scope.resolve(JoinHandler)).meetings


async def test_bound_handler_is_used() -> None:
    class Other(JoinHandler):
        def __init__(self) -> None:
            super().__init__(FakeMeetings(), Clock())

    container = container_with((of(Other, use_cache=False), JoinHandler))
    assert await bootstrap(container, commands_mapper=bind).send(Join()) == "fake"


async def test_functions_can_be_handlers() -> None:
    async def join(_: Join, meetings: Meetings, missing: int = 0) -> str:
        return f"{meetings.name()} {missing}"

    mediator = bootstrap(container_with((of(SqlMeetings), Meetings)), commands_mapper=lambda m: m.bind(Join, join))
    assert await mediator.send(Join()) == "sql 0"


async def test_markers_of_a_function_reach_di() -> None:
    def make_fake() -> Meetings:
        return FakeMeetings()

    marker = dependent.Marker(make_fake, scope="request")

    async def join(_: Join, meetings: Meetings) -> str:
        return meetings.name()

    join.__annotations__["meetings"] = Annotated[Meetings, marker]
    mediator = bootstrap(di.Container(), commands_mapper=lambda m: m.bind(Join, join))
    assert await mediator.send(Join()) == "fake"


async def test_override_counts_while_it_is_bound() -> None:
    container = container_with((of(SqlMeetings), Meetings))
    mediator = bootstrap(container, commands_mapper=bind)
    assert await mediator.send(Join()) == "sql"
    with container.bind(di.bind_by_type(of(FakeMeetings), Meetings)):
        assert await mediator.send(Join()) == "fake"
    assert await mediator.send(Join()) == "sql"


class Repository(Generic[T]):
    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class NeedsRepository:
    def __init__(self, repository: Repository[str]) -> None:
        self.repository = repository


async def test_generic_class_is_built_by_its_constructor() -> None:
    async with DIContainer(di.Container()).scope() as scope:
        assert isinstance((await scope.resolve(NeedsRepository)).repository.clock, Clock)


# Scopes


class Pool:
    opened = 0
    closed = 0


async def open_pool() -> AsyncIterator[Pool]:
    pool = Pool()
    pool.opened += 1
    yield pool
    pool.closed += 1


@pytest.mark.parametrize("scope", ["app", "singleton"])
async def test_lasting_scopes_end_with_the_container(scope: str) -> None:
    async with DIContainer(container_with((of(open_pool, scope), Pool))) as container:
        async with container.scope() as first, container.scope() as second:
            pool = await first.resolve(Pool)
            assert pool is await second.resolve(Pool)
        assert pool.closed == 0
    assert pool.closed == 1
    assert await container.resolve(Pool) is not pool
    await container.aclose()


async def test_other_scopes_can_be_named() -> None:
    container = DIContainer(container_with((of(open_pool, "process"), Pool)), scopes=("process", "request", "step"))
    async with container.scope() as scope:
        pool = await scope.resolve(Pool)
    assert pool.closed == 0
    await container.aclose()
    assert pool.closed == 1


def test_request_scope_cannot_be_missing() -> None:
    with pytest.raises(WiringError, match="Name one 'request'"):
        DIContainer(di.Container(), scopes=("app",))


def open_synchronously() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.closed += 1


@pytest.mark.parametrize("factory", [open_pool, open_synchronously])
async def test_generators_of_both_kinds_are_closed_with_the_request(factory: Any) -> None:
    async with DIContainer(container_with((of(factory), Pool))).scope() as scope:
        pool = await scope.resolve(Pool)
        assert pool.closed == 0
    assert pool.closed == 1


async def test_resolving_outside_of_a_request_gives_what_needs_no_closing() -> None:
    container = DIContainer(container_with((of(SqlMeetings), Meetings)))
    assert (await container.resolve(JoinHandler)).meetings.name() == "sql"
    container = DIContainer(container_with((of(open_pool), Pool)))
    with pytest.raises(DependencyError, match="open_pool is closed with the request"):
        await container.resolve(Pool)


async def test_task_that_waits_for_another_one_can_be_cancelled() -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def connect() -> Pool:
        entered.set()
        await go_on.wait()
        return Pool()

    async with DIContainer(container_with((of(connect), Pool))).scope() as scope:
        first = asyncio.create_task(scope.resolve(Pool))
        await entered.wait()
        second = asyncio.create_task(scope.resolve(Pool))
        await asyncio.sleep(0)  # it asks, and waits
        second.cancel()
        go_on.set()
        assert isinstance(await first, Pool)
        with pytest.raises(asyncio.CancelledError):
            await second


# Attaching


async def test_container_can_be_attached_later() -> None:
    container = DIContainer()
    for use in (lambda: container.external_container, lambda: container.check([JoinHandler])):
        with pytest.raises(WiringError, match="no container is attached"):
            use()
    container.attach_external_container(inner := container_with((of(SqlMeetings), Meetings)))
    assert container.external_container is inner
    assert await bootstrap(container, commands_mapper=bind).send(Join()) == "sql"


# What is reported beforehand


class Port(ABC):
    @abstractmethod
    def read(self) -> int: ...


class NeedsPort:
    def __init__(self, port: Port) -> None: ...


class NeedsMuch:
    def __init__(self, port: Port, meetings: Meetings, name: str, either: int | str, clock: Clock) -> None: ...


class Unannotated:
    def __init__(self, clock) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001  # that is the case


class NeedsUnannotated:
    def __init__(self, it: Unannotated) -> None: ...


class Hen:
    def __init__(self, egg: Egg) -> None: ...


class Egg:
    def __init__(self, hen: Hen) -> None: ...


class Unreadable:
    def __init__(self, it: NotThere) -> None: ...  # type: ignore[name-defined]  # noqa: F821  # that is the case


def test_every_missing_type_is_reported_with_the_path_to_it() -> None:
    problems = DIContainer(di.Container()).check([NeedsMuch, NeedsPort, NeedsUnannotated])
    assert sorted((p.subject, p.problem) for p in problems) == [
        ("NeedsMuch → Meetings", "Meetings is an interface and nothing is bound for it"),
        ("NeedsMuch → Port", "Port is an interface and nothing is bound for it"),
        ("NeedsMuch → int | str", "nothing is bound for int | str"),
        ("NeedsMuch → str", "nothing is bound for str"),
        ("NeedsUnannotated → Unannotated → 'clock'", "parameter 'clock' has no annotation, so nothing can be injected"),
    ]
    assert all("bind_by_type" in p.remedy or "Annotate" in p.remedy for p in problems)


@pytest.mark.parametrize(
    ("asked", "problem", "remedy"),
    [
        (Hen, "Dependencies are in a cycle", "Break the circle"),
        (Unreadable, "NotThere", "TYPE_CHECKING"),
    ],
)
def test_dependencies_that_di_cannot_solve_are_reported(asked: Any, problem: str, remedy: str) -> None:
    (found,) = DIContainer(di.Container()).check([asked])
    assert problem in found.problem
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("binding", "problem", "remedy"),
    [
        ((of(SqlMeetings, "session"), Meetings), "unknown scope session", "'singleton', 'app', 'request'"),
        ((of(SqlMeetings, "app"), Meetings), "was used with multiple scopes", "with one scope"),
    ],
)
def test_scopes_that_do_not_fit_are_reported(binding: Any, problem: str, remedy: str) -> None:
    (found,) = DIContainer(container_with(binding)).check([JoinHandler])
    assert problem in found.problem
    assert remedy in found.remedy


def test_singleton_that_needs_a_request_scoped_type_is_reported() -> None:
    container = container_with((of(SqlMeetings, "app"), Meetings), (of(Clock), Clock))
    (found,) = DIContainer(container).check([JoinHandler])
    assert "is narrower" in found.problem
    assert found.remedy.startswith("Give what lives longer")


async def test_request_finds_mistakes_without_an_earlier_check() -> None:
    async with DIContainer(di.Container()).scope() as scope:
        with pytest.raises(DependencyError, match="NeedsPort → Port: Port is an interface"):
            await scope.resolve(NeedsPort)


class NeedsSettings:
    def __init__(self, settings: dict, names: MutableMapping[str, str], pool: Pool, retries: float = 1.5) -> None:  # type: ignore[type-arg]
        self.given = (settings, names, pool, retries)


async def test_there_is_no_false_alarm_about_what_was_bound() -> None:
    container = DIContainer(
        container_with((of(lambda: {"a": 1}), dict), (of(dict, "app"), MutableMapping[str, str]), (of(open_pool), Pool))
    )
    assert container.check([NeedsSettings]) == []
    async with container.scope() as scope:
        assert (await scope.resolve(NeedsSettings)).given[:2] == ({"a": 1}, {})


async def test_there_is_no_false_alarm_about_a_class_bound_to_itself() -> None:
    class NeedsDict:
        def __init__(self, settings: dict) -> None:  # type: ignore[type-arg]
            self.settings = settings

    container = DIContainer(container_with((of(dict, "app"), dict)))
    assert container.check([NeedsDict]) == []


def test_check_leaves_the_container_as_it_was() -> None:
    container = container_with((of(SqlMeetings), Meetings))
    before = [*container._bind_hooks]
    DIContainer(container).check([JoinHandler, NeedsPort])
    assert container._bind_hooks == before
