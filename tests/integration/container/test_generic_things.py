"""What is asked for with type arguments is made with what they mean: in each container, in either syntax."""

import sys
import types
from typing import Any, Generic

import di
import dishka
import pytest
from dependency_injector import containers, providers
from di import bind_by_type
from di.dependent import Dependent
from typing_extensions import TypeAliasType

import cqrs
from cqrs.errors import WiringError
from cqrs.requests import bootstrap
from tests.helpers.generic_services import Order, OrderRepo, Repo, Service, T, User, UserRepo


class UserService(Service[User]):
    pass


class Ask(cqrs.Request[str]):
    pass


async def both(request: Ask, users: Service[User], orders: Service[Order], own: UserService) -> str:
    del request
    assert users is not orders
    return " ".join(type(service.repo).__name__ for service in (users, orders, own))


def by_resolver(*made: Any, **named: Any) -> cqrs.Resolver:
    resolver = cqrs.Resolver()
    resolver.bind(named.get("users", Repo[User]), UserRepo)
    resolver.bind(named.get("orders", Repo[Order]), OrderRepo)
    for type_ in made:
        resolver.bind(type_)
    return resolver


def by_di(*made: Any, scope: Any = "request", **named: Any) -> di.Container:
    container = di.Container()
    container.bind(bind_by_type(Dependent(UserRepo, scope=scope), named.get("users", Repo[User])))
    container.bind(bind_by_type(Dependent(OrderRepo, scope=scope), named.get("orders", Repo[Order])))
    for type_ in made:
        container.bind(bind_by_type(Dependent(type_, scope=scope), type_))
    return container


def by_dishka(*made: Any, **named: Any) -> dishka.AsyncContainer:
    provider = dishka.Provider(scope=dishka.Scope.REQUEST)
    provider.provide(UserRepo, provides=named.get("users", Repo[User]))
    provider.provide(OrderRepo, provides=named.get("orders", Repo[Order]))
    for type_ in made:
        provider.provide(type_)
    return dishka.make_async_container(provider, skip_validation=True)


def by_dependency_injector(*_: Any, **__: Any) -> containers.Container:
    members = {"users": providers.Factory(UserRepo), "orders": providers.Factory(OrderRepo)}
    return type("Own", (containers.DeclarativeContainer,), members)()


CONTAINERS = [by_resolver, by_di, by_dishka, by_dependency_injector]
over_containers = pytest.mark.parametrize("container", CONTAINERS)


async def answer(container: Any, handler: Any) -> Any:
    return await bootstrap.bootstrap(container, commands_mapper=lambda m: m.bind(Ask, handler)).send(Ask())


@pytest.mark.parametrize("bound", [(), (Service,)], ids=["unbound", "bound"])
@over_containers
async def test_each_alias_is_made_with_what_its_argument_asks_for(container: Any, bound: Any) -> None:
    assert await answer(container(*bound), both) == "UserRepo OrderRepo UserRepo"


async def test_alias_that_outlives_a_request_in_di_is_made_once_for_each_argument() -> None:
    async def twice(request: Ask, users: Service[User], same: Service[User], orders: Service[Order]) -> str:
        del request
        return f"{users is same} {type(users.repo).__name__} {type(orders.repo).__name__}"

    assert await answer(by_di(Service, scope="singleton"), twice) == "True UserRepo OrderRepo"


@pytest.mark.parametrize("provider", [providers.Factory, providers.Singleton])
def test_provider_of_dependency_injector_that_would_serve_two_aliases_is_refused(provider: Any) -> None:
    app = by_dependency_injector()
    app.service = provider(Service, app.users)  # type: ignore[attr-defined]
    with pytest.raises(WiringError, match=r"the provider service makes the same for Service\[User\], and"):
        bootstrap.bootstrap(app, commands_mapper=lambda m: m.bind(Ask, both))


async def test_provider_of_dependency_injector_whose_class_takes_nothing_of_the_argument_serves_all() -> None:
    class Log(Generic[T]):
        pass

    async def logs(request: Ask, users: Log[User], orders: Log[Order]) -> str:
        del request
        return str(users is orders)

    app = by_dependency_injector()
    app.log = providers.Singleton(Log)  # type: ignore[attr-defined]
    assert await answer(app, logs) == "True"


Users = TypeAliasType("Users", Repo[User])
Of = TypeAliasType("Of", Repo[T], type_params=(T,))
Customer = TypeAliasType("Customer", User)
Maybe = TypeAliasType("Maybe", Users | None)
Endless = TypeAliasType("Endless", "list[Endless]")  # type: ignore[misc]


async def of_aliases(request: Ask, a: Users, b: Of[Order], c: Maybe, d: Service[Customer]) -> str:
    del request
    return " ".join(type(it).__name__ for it in (a, b, c, d.repo))


@pytest.mark.parametrize("names", [{}, {"users": Users, "orders": Of[Order]}], ids=["plain", "alias"])
@over_containers
async def test_alias_of_a_type_stands_for_it(container: Any, names: Any) -> None:
    if names and container is not by_resolver:
        pytest.skip("what other containers make of an alias in a binding is theirs")
    assert await answer(container(**names), of_aliases) == "UserRepo OrderRepo UserRepo UserRepo"


async def test_alias_is_bound_and_resolved_as_what_it_stands_for() -> None:
    resolver = by_resolver()
    assert type(await resolver.resolve(Users)) is UserRepo
    assert type(await resolver.resolve(Of[Order])) is OrderRepo
    resolver.bind(Customer, lifetime="singleton")
    assert await resolver.resolve(User) is await resolver.resolve(Customer)


def test_alias_that_names_itself_is_reported_and_not_followed_for_ever() -> None:
    async def endless(request: Ask, it: Endless) -> str:
        del request, it
        return ""

    with pytest.raises(WiringError):
        bootstrap.bootstrap(cqrs.Resolver(), commands_mapper=lambda m: m.bind(Ask, endless))


NEW_SYNTAX = """
import cqrs
from dataclasses import dataclass
from tests.integration.container.test_generic_things import Ask, Order, OrderRepo, Repo, User, UserRepo

class Service[E]:
    def __init__(self, repo: Repo[E]) -> None:
        self.repo = repo

@dataclass
class Base[E]:
    repo: Repo[E]

@dataclass
class Pair[A, B](Base[A]):
    other: Repo[B]

type Users = Repo[User]
type Of[E] = Repo[E]
type Nested = Service[Named]
type Named = User

class Handler(cqrs.RequestHandler[Ask, str]):
    def __init__(self, a: Service[User], b: Service[Order], c: Pair[Order, User], d: Users, e: Of[Order], f: Nested):
        self.given = (a.repo, b.repo, c.repo, c.other, d, e, f.repo)

    async def handle(self, request: Ask) -> str:
        return " ".join(type(it).__name__ for it in self.given)

async def function(request: Ask, a: Service[User], c: Pair[Order, User], d: Users, e: Of[Order], f: Nested) -> str:
    return await Handler(a, Service(e), c, d, e, f).handle(request)

class Own[E](cqrs.RequestHandler[Ask, str]):
    def __init__(self, repo: Repo[E]) -> None:
        self.repo = repo

    async def handle(self, request: Ask) -> str:
        return type(self.repo).__name__

class ForUsers(Own[User]):
    pass
"""


@pytest.fixture(params=["", "from __future__ import annotations\n"], ids=["evaluated", "postponed"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module with the syntax of Python 3.12."""
    module = types.ModuleType("written_with_new_syntax")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(request.param + NEW_SYNTAX, module.__name__, "exec", dont_inherit=True), vars(module))  # noqa: S102
    return module


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the syntax is that of Python 3.12")
@over_containers
async def test_new_syntax_means_the_same(container: Any, written: Any) -> None:
    expected = "UserRepo OrderRepo OrderRepo UserRepo UserRepo OrderRepo UserRepo"
    assert await answer(container(), written.Handler) == expected
    assert await answer(container(), written.function) == expected
    assert await answer(container(), written.ForUsers) == "UserRepo"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the syntax is that of Python 3.12")
@pytest.mark.parametrize("container", [by_resolver, by_di])
async def test_class_of_the_new_syntax_that_is_bound_is_made_for_each_argument(container: Any, written: Any) -> None:
    given = container(written.Service, written.Pair)
    assert (await answer(given, written.Handler)).startswith("UserRepo OrderRepo OrderRepo UserRepo")
