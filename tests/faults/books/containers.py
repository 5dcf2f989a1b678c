"""The same parts in each kind of container: the session of the open transaction, and objects that hold it for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dependency_injector import containers, providers
from di import Container, bind_by_type
from di.dependent import Dependent
from dishka import Provider, Scope, make_async_container
from sqlalchemy.ext.asyncio import AsyncSession

import cqrs
from tests.faults.books.accounts import Accounts

GetMediator = Callable[[], cqrs.RequestMediator]
MakeContainer = Callable[[cqrs.Database, GetMediator], Any]


def _resolver(database: cqrs.Database, mediator: GetMediator) -> Any:
    container = cqrs.Resolver()  # ``database=`` gives it the session
    container.bind_instance(cqrs.Database, database)
    container.bind(cqrs.RequestMediator, mediator)
    container.bind(Accounts, lifetime="singleton")
    return container


def _di(database: cqrs.Database, mediator: GetMediator) -> Any:
    container = Container()
    container.bind(bind_by_type(Dependent(lambda: database.session, scope="singleton"), AsyncSession))
    container.bind(bind_by_type(Dependent(lambda: database, scope="singleton"), cqrs.Database))
    container.bind(bind_by_type(Dependent(mediator, scope="singleton"), cqrs.RequestMediator))
    container.bind(bind_by_type(Dependent(Accounts, scope="singleton"), Accounts))
    return container


def _dependency_injector(database: cqrs.Database, mediator: GetMediator) -> Any:
    def the_mediator() -> cqrs.RequestMediator:
        return mediator()

    container = containers.DynamicContainer()
    container.database = providers.Object(database)
    container.session = providers.Object(database.session)
    container.mediator = providers.Singleton(the_mediator)
    container.accounts = providers.Singleton(Accounts, session=container.session)
    return container


def _dishka(database: cqrs.Database, mediator: GetMediator) -> Any:
    provider = Provider(scope=Scope.APP)
    provider.provide(lambda: database, provides=cqrs.Database)
    provider.provide(lambda: database.session, provides=AsyncSession)
    provider.provide(mediator, provides=cqrs.RequestMediator)
    provider.provide(Accounts)
    return make_async_container(provider)


CONTAINERS: dict[str, MakeContainer] = {
    "resolver": _resolver,
    "di": _di,
    "dependency_injector": _dependency_injector,
    "dishka": _dishka,
}
