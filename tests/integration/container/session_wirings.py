"""One service, wired with four containers, whose repository asks for a session that is bound in many ways."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import di
from dependency_injector import containers, providers
from di.dependent import Dependent
from dishka import Provider, Scope, make_async_container
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_scoped_session, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import cqrs

if TYPE_CHECKING:
    from pathlib import Path


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


class Place(cqrs.Request[None]):
    pass


class Orders:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session


async def place(_: Place, orders: Orders) -> None:
    orders.session.add(Order())


@dataclass(frozen=True)
class Databases:
    """The database of the mediator, another one, and what makes sessions past both."""

    db: cqrs.Database
    other: cqrs.Database
    sessions: async_sessionmaker[AsyncSession]

    async def count(self, *, other: bool = False) -> int:
        async with (self.other if other else self.db).transaction() as session:
            return (await session.scalars(select(func.count()).select_from(Order))).one()

    def make_with(self, sessions: async_sessionmaker) -> AsyncSession:  # type: ignore[type-arg]  # a container reads it
        return sessions()

    def make_on(self, engine: AsyncEngine) -> AsyncSession:
        return AsyncSession(engine)

    def make_one(self) -> AsyncSession:
        return self.sessions()

    async def open_session(self) -> AsyncIterator[AsyncSession]:
        async with self.sessions() as session:
            yield session

    def scoped(self) -> async_scoped_session[AsyncSession]:
        return async_scoped_session(self.sessions, scopefunc=lambda: 1)


def databases_in(folder: Path) -> Databases:
    """Two SQLite files, of which the first has sessions that the mediator does not know."""
    db = cqrs.Database(f"sqlite+aiosqlite:///{folder}/first.db", metadata=Base.metadata)
    other = cqrs.Database(f"sqlite+aiosqlite:///{folder}/second.db", metadata=Base.metadata)
    return Databases(db, other, async_sessionmaker(db.engine))


class Engined(AsyncSession):
    """A session class whose annotations every container can read."""

    def __init__(self) -> None:
        super().__init__()


# How the session is bound, and the text of the mistake. The first one is right.

Wire = Callable[[Databases], Any]


def resolved(bind: Callable[[cqrs.Resolver, Databases], None]) -> Wire:
    def wire(given: Databases) -> cqrs.Resolver:
        container = cqrs.Resolver()
        container.bind_instance(async_sessionmaker, given.sessions)
        container.bind_instance(AsyncEngine, given.db.engine)
        bind(container, given)
        return container

    return wire


def from_dishka(source: Callable[[Databases], Any], scope: Scope = Scope.REQUEST) -> Wire:
    def wire(given: Databases) -> Any:
        provider = Provider()
        provider.provide(source(given), provides=AsyncSession, scope=scope)
        provider.provide(lambda: given.sessions, provides=async_sessionmaker, scope=Scope.APP)
        provider.provide(lambda: given.db.engine, provides=AsyncEngine, scope=Scope.APP)
        provider.provide(Orders, scope=Scope.REQUEST)
        return make_async_container(provider)

    return wire


def from_the_context(given: Databases) -> Any:
    provider = Provider()
    provider.from_context(AsyncSession, scope=Scope.APP)
    provider.provide(Orders, scope=Scope.REQUEST)
    return make_async_container(provider, context={AsyncSession: given.sessions()})


def by_an_alias(given: Databases) -> Any:
    provider = Provider()
    provider.provide(lambda: given.db.session, provides=Engined, scope=Scope.APP)
    provider.alias(source=Engined, provides=AsyncSession)
    provider.provide(Orders, scope=Scope.REQUEST)
    return make_async_container(provider)


def from_di(call: Callable[[Databases], Any], scope: str = "request") -> Wire:
    def wire(given: Databases) -> Any:
        container = di.Container()
        container.bind(di.bind_by_type(Dependent(call(given), scope=scope), AsyncSession))
        container.bind(di.bind_by_type(Dependent(lambda: given.sessions, scope="singleton"), async_sessionmaker))
        container.bind(di.bind_by_type(Dependent(lambda: given.db.engine, scope="singleton"), AsyncEngine))
        return container

    return wire


def from_providers(session: Callable[[Databases, Any], Any]) -> Wire:
    def wire(given: Databases) -> Any:
        container = containers.DynamicContainer()
        container.sessions = providers.Singleton(async_sessionmaker, bind=given.db.engine)
        container.session = session(given, container)
        container.orders = providers.Factory(Orders, session=container.session)
        return container

    return wire


def as_an_argument(given: Databases) -> Any:
    container = containers.DynamicContainer()
    container.orders = providers.Factory(Orders, session=given.sessions())
    return container


def chosen_later(given: Databases) -> Any:
    container = containers.DynamicContainer()
    container.config = providers.Configuration(default={"session": "ours"})
    ours, theirs = providers.Object(given.db.session), providers.Factory(given.sessions)
    container.session = providers.Selector(container.config.session, ours=ours, theirs=theirs)
    container.orders = providers.Factory(Orders, session=container.session)
    return container
