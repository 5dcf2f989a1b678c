"""What a bootstrap and a consumer are given, for each way of getting a session."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker

import cqrs
from tests.natural.containers import Binding
from tests.natural.messages import REGISTRY, Base
from tests.natural.stores import (
    InjectedStore,
    Store,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.natural.world import World


@dataclasses.dataclass
class Parts:
    """What a wiring gives to the bootstraps and to a consumer."""

    bindings: list[Binding]
    bootstrap: dict[str, Any]
    consumer: dict[str, Any]
    outbox: Any


INJECTED = Binding(Store, InjectedStore)


def database(world: World, sessions: Any = None) -> cqrs.Database:
    return cqrs.Database(sessions or world.engine, metadata=Base.metadata, registry=REGISTRY)


def makers(world: World, class_: type[AsyncSession] = AsyncSession) -> async_sessionmaker[Any]:
    return async_sessionmaker(world.engine, class_=class_, expire_on_commit=False)


def tracked(world: World, sessions: Callable[[], Any]) -> Callable[[], AsyncSession]:
    """Makes sessions that their user does not close; the world does at its end."""

    def make() -> AsyncSession:
        session: AsyncSession = sessions()
        world.opened.append(session)
        return session

    return make


def opening(world: World, sessions: Callable[[], Any]) -> Any:
    """A session for each request, closed at its end."""

    async def open_session() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    open_session.__annotations__["return"] = _iterator()
    open_session.plain = tracked(world, sessions)  # type: ignore[attr-defined]  # for containers without requests
    return open_session


def _iterator() -> Any:
    from collections.abc import AsyncIterator  # noqa: PLC0415  # at run time only here

    return AsyncIterator[AsyncSession]


def with_database(bindings: Callable[[World, cqrs.Database], list[Binding]], sessions: Any = None) -> Any:
    """`database=db` everywhere."""

    def parts(world: World) -> Parts:
        db = database(world, None if sessions is None else sessions(world))
        return Parts(bindings(world, db), {"database": db}, {"database": db}, db.outbox)

    return parts


def with_middleware(bindings: Callable[[World], list[Binding]], unit: Callable[[World], Any] | None = None) -> Any:
    """A TransactionMiddleware over units of work of one's own, beside an outbox and an inbox over a sessionmaker."""

    def parts(world: World) -> Parts:
        sessions = makers(world)
        outbox = cqrs.SqlAlchemyOutboxedEventRepository(sessions, registry=REGISTRY)
        inbox = cqrs.SqlAlchemyInboxRepository(sessions)
        make = (lambda: cqrs.SqlAlchemyUnitOfWork(sessions)) if unit is None else unit(world)
        return Parts(
            bindings(world),
            {"outbox": outbox, "transaction": cqrs.TransactionMiddleware(make)},
            {"inbox": inbox, "unit_of_work": lambda: cqrs.SqlAlchemyUnitOfWork(sessions), "registry": REGISTRY},
            outbox,
        )

    return parts


def without_unit(store: Callable[[World, cqrs.Database], Store], **more: Any) -> Any:
    """Mediators that open no transaction; a consumer has one all the same."""

    def parts(world: World) -> Parts:
        db = database(world)
        bootstrap = {"outbox": db.outbox, **more} if more else {}
        return Parts([Binding(Store, store(world, db), "object")], bootstrap, {"database": db}, db.outbox)

    return parts


def consumer_only(bindings: Callable[[World, cqrs.Database], list[Binding]]) -> Any:
    """`database=db` at the consumer; the mediators open nothing, and handlers add to the outbox themselves."""

    def parts(world: World) -> Parts:
        db = database(world)
        world.outbox = db.outbox
        return Parts(bindings(world, db), {}, {"database": db}, db.outbox)

    return parts


def committed_by_the_container(world: World) -> Parts:
    """A provider that commits: at the end of the request, when notifications have been stored already."""

    async def open_session() -> AsyncIterator[AsyncSession]:
        async with makers(world)() as session:
            yield session
            await session.commit()

    open_session.__annotations__["return"] = _iterator()
    open_session.plain = tracked(world, makers(world))  # type: ignore[attr-defined]  # as in `opening`
    db = database(world)
    bindings = [Binding(AsyncSession, open_session, "opened"), INJECTED]
    return Parts(bindings, {"outbox": db.outbox, "separate_outbox_transaction": True}, {"database": db}, db.outbox)


def session_of_the_request(world: World) -> Any:
    async def around() -> cqrs.SqlAlchemyUnitOfWork:
        return cqrs.SqlAlchemyUnitOfWork(await cqrs.current_scope().resolve(AsyncSession))

    return around


def one_session(world: World) -> AsyncSession:
    if world.kept is None:
        world.kept = tracked(world, makers(world))()
    session: AsyncSession = world.kept
    return session


def _scoped(world: World) -> Any:
    if world.kept is None:
        world.kept = async_scoped_session(makers(world), scopefunc=asyncio.current_task)
    return world.kept


def session_of_the_task(world: World) -> Callable[[], AsyncSession]:
    def give() -> AsyncSession:
        session: AsyncSession = _scoped(world)()
        world.opened.append(session)
        return session

    return give


def session_of(world: World, db: cqrs.Database) -> list[Binding]:
    """What `database=` binds by itself in the default container, and a line of the page binds in others."""
    return [] if world.binds_by_itself else [Binding(AsyncSession, db.session, "object")]


def _annotated(make: Callable[[], AsyncSession]) -> Callable[[], AsyncSession]:
    make.__annotations__["return"] = AsyncSession
    return make


def made(world: World) -> Callable[[], AsyncSession]:
    return _annotated(tracked(world, makers(world)))


def annotated_session_of_the_task(world: World) -> Callable[[], AsyncSession]:
    """As `session_of_the_task`, for containers that read annotations."""
    return _annotated(session_of_the_task(world))
