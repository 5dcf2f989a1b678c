"""What is peculiar to containers of dishka."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator  # noqa: TC003  # dishka reads it
from typing import Annotated, Any, Generic, TypeVar

import pytest
from dishka import (
    AsyncContainer,
    FromComponent,
    Provider,
    Scope,
    from_context,
    make_async_container,
    make_container,
    provide,
)
from dishka.exceptions import ExitError

from cqrs.container.dishka.container import DishkaContainer
from cqrs.errors import DependencyError, WiringError
from cqrs.requests.bootstrap import bootstrap
from cqrs.requests.request import Request
from cqrs.requests.request_handler import RequestHandler

T = TypeVar("T")


class Clock:
    pass


class Meetings(ABC):
    @abstractmethod
    def name(self) -> str: ...


class SqlMeetings(Meetings):
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def name(self) -> str:
        return "sql"


class Join(Request[str]):
    pass


class JoinHandler(RequestHandler[Join, str]):
    def __init__(self, meetings: Meetings) -> None:
        self.meetings = meetings

    async def handle(self, _: Join) -> str:
        return self.meetings.name()


def bind(m: Any) -> None:
    m.bind(Join, JoinHandler)


class Application(Provider):
    scope = Scope.REQUEST

    clock = provide(Clock, scope=Scope.APP)
    meetings = provide(SqlMeetings, provides=Meetings)


def registered(source: Any, scope: Scope = Scope.REQUEST, **more: Any) -> Provider:
    provider = Provider()
    provider.provide(source, scope=scope, **more)
    return provider


# The container


@pytest.mark.parametrize("adapter", [lambda container: container, DishkaContainer], ids=["raw", "adapter"])
async def test_handlers_need_no_registration(adapter: Any) -> None:
    container = adapter(make_async_container(Application()))
    assert await bootstrap(container, commands_mapper=bind).send(Join()) == "sql"


async def test_registered_handler_comes_from_dishka() -> None:
    class Other(JoinHandler):
        async def handle(self, _: Join) -> str:
            return "other"

    container = make_async_container(Application(), registered(Other, provides=JoinHandler))
    assert await bootstrap(container, commands_mapper=bind).send(Join()) == "other"


async def test_container_can_be_attached_later() -> None:
    container = DishkaContainer()
    for use in (lambda: container.external_container, lambda: container.check([JoinHandler])):
        with pytest.raises(WiringError, match="no container is attached"):
            use()
    container.attach_external_container(inner := make_async_container(Application()))
    assert container.external_container is inner
    assert await bootstrap(container, commands_mapper=bind).send(Join()) == "sql"


def test_synchronous_container_is_refused() -> None:
    with pytest.raises(WiringError, match=r"is not asynchronous\. Make it with make_async_container"):
        bootstrap(make_container(Application()), commands_mapper=bind)


async def test_things_can_be_bound_beside_those_of_dishka() -> None:
    container = DishkaContainer(make_async_container(registered(Clock, Scope.APP)))
    container.bind(Meetings, SqlMeetings, lifetime="request")
    assert await bootstrap(container, commands_mapper=bind).send(Join()) == "sql"


# Components, generic classes


class Repository(Generic[T]):
    pass


class Numbers(Repository[int]):
    pass


class NeedsBoth:
    def __init__(self, mine: Annotated[Clock, FromComponent("lab")], numbers: Repository[int], clock: Clock) -> None:
        self.mine, self.numbers, self.clock = mine, numbers, clock


async def test_components_and_generic_types_are_understood() -> None:
    lab = Provider(scope=Scope.APP, component="lab")
    lab.provide(Clock)
    numbers = registered(Numbers, provides=Repository[int])
    container = DishkaContainer(make_async_container(lab, numbers, registered(Clock, Scope.APP)))
    assert container.check([NeedsBoth]) == []
    async with container.scope() as scope:
        made = await scope.resolve(NeedsBoth)
    assert isinstance(made.numbers, Numbers)
    assert made.mine is not made.clock


async def test_components_are_understood_in_functions() -> None:
    lab = Provider(scope=Scope.APP, component="lab")
    lab.provide(lambda: "from the lab", provides=str)

    async def join(_: Join, name: Annotated[str, FromComponent("lab")]) -> str:
        return name

    mediator = bootstrap(make_async_container(lab), commands_mapper=lambda m: m.bind(Join, join))
    assert await mediator.send(Join()) == "from the lab"


# Scopes


async def test_another_scope_can_be_entered() -> None:
    container = make_async_container(Application(), registered(SqlMeetings, Scope.ACTION, provides=Repository))
    (problem,) = DishkaContainer(container).check([Repository])
    assert "is registered for Scope.ACTION, and requests run in Scope.REQUEST" in problem.problem
    container = DishkaContainer(container, scope=Scope.ACTION)
    assert container.check([Repository]) == []
    async with container.scope() as scope:
        assert isinstance(await scope.resolve(Repository), SqlMeetings)


async def test_container_that_is_in_its_innermost_scope_is_used_as_it_is() -> None:
    outer = make_async_container(Application(), registered(JoinHandler, Scope.STEP))
    async with outer(scope=Scope.STEP) as innermost:
        assert await bootstrap(innermost, commands_mapper=bind).send(Join()) == "sql"


async def test_resolving_outside_of_a_request_gives_what_lasts() -> None:
    container = DishkaContainer(make_async_container(Application()))
    assert await container.resolve(Clock) is await container.resolve(Clock)
    with pytest.raises(DependencyError, match="Meetings lives per request"):
        await container.resolve(JoinHandler)


def test_singleton_of_the_resolver_must_not_keep_what_dishka_gives_per_request() -> None:
    container = DishkaContainer(make_async_container(Application()))
    container.bind(JoinHandler, lifetime="singleton")
    (problem,) = container.check([JoinHandler])
    assert "would outlive Meetings" in problem.problem


class Desk:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock


async def make_desk(container: AsyncContainer) -> Desk:
    await asyncio.sleep(0)
    return Desk(await container.get(Clock))


async def test_factory_may_ask_its_container_for_more() -> None:
    provider = registered(make_desk)
    provider.provide(Clock, scope=Scope.REQUEST)
    container = DishkaContainer(make_async_container(provider))
    assert container.check([Desk]) == []
    async with container.scope() as scope:
        first, second = await asyncio.gather(scope.resolve(Desk), scope.resolve(Desk))
        assert first is second
        assert first.clock is await scope.resolve(Clock)


class Torn(Exception):
    pass


async def tear() -> AsyncIterator[Clock]:
    yield Clock()
    raise Torn


async def test_errors_while_closing_come_in_the_group_that_dishka_makes() -> None:
    container = DishkaContainer(make_async_container(registered(tear)))
    with pytest.raises(ExitError) as caught:
        async with container.scope() as scope:
            await scope.resolve(Clock)
    assert [type(error) for error in caught.value.exceptions] == [Torn]


# What is reported beforehand


def test_missing_implementation_is_reported_in_terms_of_dishka() -> None:
    (problem,) = DishkaContainer(make_async_container(registered(Clock))).check([JoinHandler])
    assert problem.subject == "JoinHandler → Meetings"
    assert problem.problem == "Meetings is an interface and nothing is bound for it"
    assert "provider.provide(YourFactory, provides=Meetings" in problem.remedy


class Tenant:
    pass


class ForTenant(Meetings):
    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    def name(self) -> str:
        return "for tenant"


class WithTenant(Provider):
    tenant = from_context(Tenant, scope=Scope.REQUEST)
    meetings = provide(ForTenant, provides=Meetings, scope=Scope.REQUEST)


class WithLastingTenant(Provider):
    tenant = from_context(Tenant, scope=Scope.APP)
    meetings = provide(ForTenant, provides=Meetings, scope=Scope.REQUEST)


def test_value_missing_from_the_context_is_reported() -> None:
    for provider in (WithTenant(), WithLastingTenant()):
        (problem,) = DishkaContainer(make_async_container(provider)).check([JoinHandler])
        assert problem.subject == "JoinHandler → Meetings"
        assert "Tenant comes from the context, which has none" in problem.problem


async def test_value_in_the_context_of_the_application_is_found() -> None:
    container = DishkaContainer(make_async_container(WithLastingTenant(), context={Tenant: Tenant()}))
    assert container.check([JoinHandler]) == []
    async with container.scope() as scope:
        assert (await scope.resolve(JoinHandler)).meetings.name() == "for tenant"


def test_there_is_no_false_alarm_about_what_no_handler_needs() -> None:
    container = make_async_container(Application(), WithTenant(), registered(JoinHandler, Scope.STEP, provides=Desk))
    assert DishkaContainer(container).check([Clock]) == []
