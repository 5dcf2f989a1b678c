"""With a database, handlers get its session or the mediator is refused, whatever the container."""

from __future__ import annotations

import pytest
from dependency_injector import providers
from dishka import Scope
from sqlalchemy.ext.asyncio import AsyncSession

from cqrs.errors import WiringError
from cqrs.requests.bootstrap import bootstrap
from tests.integration.container.session_wirings import (
    Databases,
    Engined,
    Place,
    Wire,
    as_an_argument,
    by_an_alias,
    chosen_later,
    from_di,
    from_dishka,
    from_providers,
    from_the_context,
    place,
    resolved,
)

RESOLVER = "container.bind_instance(AsyncSession, db.session)"
DISHKA = "provider.provide(lambda: db.session, provides=AsyncSession, scope=Scope.APP)"
DI = 'container.bind(bind_by_type(Dependent(lambda: db.session, scope="singleton"), AsyncSession))'
PROVIDERS = "session = providers.Object(db.session)"

ACCEPTED: dict[str, Wire] = {
    "resolver: the session": resolved(lambda c, given: c.bind_instance(AsyncSession, given.db.session)),
    "resolver: a function": resolved(lambda c, given: c.bind(AsyncSession, lambda: given.db.session)),
    "resolver: nothing": resolved(lambda _, __: None),
    "dishka: a function": from_dishka(lambda given: lambda: given.db.session, Scope.APP),
    "dishka: an alias": by_an_alias,
    "di: a function": from_di(lambda given: lambda: given.db.session, "singleton"),
    "dependency-injector: the session": from_providers(lambda given, _: providers.Object(given.db.session)),
    "dependency-injector: a function": from_providers(lambda given, _: providers.Factory(lambda: given.db.session)),
    "dependency-injector: one that is chosen later": chosen_later,
}

REFUSED: dict[str, tuple[Wire, str, str]] = {
    "resolver: a generator": (
        resolved(lambda c, given: c.bind(AsyncSession, given.open_session, lifetime="request")),
        "container.bind(AsyncSession, Databases.open_session) gives a session that Databases.open_session opens",
        RESOLVER,
    ),
    "resolver: a sessionmaker": (
        resolved(lambda c, given: c.bind(AsyncSession, given.sessions)),
        "container.bind(AsyncSession, async_sessionmaker(...)) gives a session of its own",
        RESOLVER,
    ),
    "resolver: a method of a sessionmaker": (
        resolved(lambda c, given: c.bind(AsyncSession, given.sessions.__call__)),
        "gives a session of its own",
        RESOLVER,
    ),
    "resolver: a function with a sessionmaker": (
        resolved(lambda c, given: c.bind(AsyncSession, given.make_with)),
        "gives a session that Databases.make_with makes with its async_sessionmaker",
        RESOLVER,
    ),
    "resolver: a function with an engine": (
        resolved(lambda c, given: c.bind(AsyncSession, given.make_on)),
        "gives a session that Databases.make_on makes with its AsyncEngine",
        RESOLVER,
    ),
    "resolver: its class": (
        resolved(lambda c, _: c.bind(AsyncSession, lifetime="request")),
        "container.bind(AsyncSession) gives a session of its own",
        RESOLVER,
    ),
    "resolver: a session": (
        resolved(lambda c, given: c.bind_instance(AsyncSession, given.sessions())),
        "container.bind_instance(AsyncSession, ...) gives one AsyncSession to every turn",
        RESOLVER,
    ),
    "resolver: a scoped session": (
        resolved(lambda c, given: c.bind_instance(AsyncSession, given.scoped())),
        "container.bind_instance(AsyncSession, ...) gives one async_scoped_session to every turn",
        RESOLVER,
    ),
    "resolver: another database's": (
        resolved(lambda c, given: c.bind_instance(AsyncSession, given.other.session)),
        "second.db: the transactions of this mediator are those of sqlite",
        "container.bind_instance(BillingSession, billing.session)",
    ),
    "dishka: a generator": (
        from_dishka(lambda given: given.open_session),
        "provide(Databases.open_session, scope=Scope.REQUEST) gives a session that Databases.open_session opens",
        DISHKA,
    ),
    "dishka: a sessionmaker": (
        from_dishka(lambda given: given.sessions.__call__),
        "provide(async_sessionmaker.__call__, scope=Scope.REQUEST) gives a session of its own",
        DISHKA,
    ),
    "dishka: a function with a sessionmaker": (
        from_dishka(lambda given: given.make_with),
        "gives a session that Databases.make_with makes with its async_sessionmaker",
        DISHKA,
    ),
    "dishka: a class": (
        from_dishka(lambda _: Engined),
        "provide(Engined, scope=Scope.REQUEST) gives a session of its own",
        DISHKA,
    ),
    "dishka: a session from the context": (
        from_the_context,
        "make_async_container(..., context={AsyncSession: ...}) gives one AsyncSession to every turn",
        DISHKA,
    ),
    "di: a generator": (
        from_di(lambda given: given.open_session),
        "Dependent(Databases.open_session, scope='request') gives a session that Databases.open_session opens",
        DI,
    ),
    "di: a sessionmaker": (
        from_di(lambda given: given.sessions),
        "Dependent(async_sessionmaker(...), scope='request') gives a session of its own",
        DI,
    ),
    "di: a function with a sessionmaker": (
        from_di(lambda given: given.make_with),
        "gives a session that Databases.make_with makes with its async_sessionmaker",
        DI,
    ),
    "di: a class": (
        from_di(lambda _: Engined),
        "Dependent(Engined, scope='request') gives a session of its own",
        DI,
    ),
    "dependency-injector: a resource": (
        from_providers(lambda given, _: providers.Resource(given.open_session)),
        "the provider session = providers.Resource(Databases.open_session) gives a session that",
        PROVIDERS,
    ),
    "dependency-injector: a resource of a function": (
        from_providers(lambda given, _: providers.Resource(given.make_one)),
        "the provider session = providers.Resource(Databases.make_one) gives a session that",
        PROVIDERS,
    ),
    "dependency-injector: a session as an argument": (
        as_an_argument,
        "an argument of the provider orders = providers.Factory(Orders) gives one AsyncSession to every turn",
        PROVIDERS,
    ),
    "dependency-injector: a sessionmaker": (
        from_providers(lambda given, _: providers.Factory(given.sessions)),
        "the provider session = providers.Factory(async_sessionmaker(...)) gives a session of its own",
        PROVIDERS,
    ),
    "dependency-injector: a function with a sessionmaker": (
        from_providers(lambda given, c: providers.Factory(given.make_with, c.sessions)),
        "gives a session that Databases.make_with makes with its async_sessionmaker",
        PROVIDERS,
    ),
    "dependency-injector: a factory of the class": (
        from_providers(lambda _, __: providers.Factory(AsyncSession)),
        "the provider session = providers.Factory(AsyncSession) gives a session of its own",
        PROVIDERS,
    ),
    "dependency-injector: a singleton of the class": (
        from_providers(lambda _, __: providers.Singleton(AsyncSession)),
        "the provider session = providers.Singleton(AsyncSession) gives a session of its own",
        PROVIDERS,
    ),
    "dependency-injector: a session": (
        from_providers(lambda given, _: providers.Object(given.sessions())),
        "the provider session = providers.Object(AsyncSession(...)) gives one AsyncSession to every turn",
        PROVIDERS,
    ),
    "dependency-injector: another database's": (
        from_providers(lambda given, _: providers.Object(given.other.session)),
        "second.db: the transactions of this mediator are those of sqlite",
        "billing_session = providers.Object(billing.session)",
    ),
}


@pytest.mark.parametrize("binding", ACCEPTED)
async def test_session_of_the_database_is_accepted_and_writes_in_the_turn(given: Databases, binding: str) -> None:
    mediator = bootstrap(ACCEPTED[binding](given), database=given.db, commands_mapper=lambda m: m.bind(Place, place))
    await mediator.send(Place())
    assert await given.count() == 1


@pytest.mark.parametrize("binding", REFUSED)
def test_session_past_the_database_is_refused_with_its_binding_and_the_right_one(
    given: Databases, binding: str
) -> None:
    wire, problem, remedy = REFUSED[binding]
    with pytest.raises(WiringError) as refused:
        bootstrap(wire(given), database=given.db, commands_mapper=lambda m: m.bind(Place, place))
    (found,) = refused.value.problems
    assert found.subject == "place → Orders → AsyncSession"
    assert problem in found.problem
    assert remedy in found.remedy


@pytest.mark.parametrize("binding", REFUSED)
def test_every_binding_is_left_alone_without_a_database(given: Databases, binding: str) -> None:
    bootstrap(REFUSED[binding][0](given), commands_mapper=lambda m: m.bind(Place, place))
