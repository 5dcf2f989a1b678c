"""The ways in which a service gets its sessions: those of the pages, and those that teams bring."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

import cqrs
from tests.natural.assembling import (
    INJECTED,
    Parts,
    annotated_session_of_the_task,
    committed_by_the_container,
    consumer_only,
    made,
    makers,
    one_session,
    opening,
    session_of,
    session_of_the_request,
    session_of_the_task,
    with_database,
    with_middleware,
    without_unit,
)
from tests.natural.containers import Binding
from tests.natural.messages import OwnSession
from tests.natural.stores import (
    InjectedStore,
    OutboxStore,
    OwnClassStore,
    SessionmakerStore,
    Store,
    TransactionStore,
    UnitStore,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.natural.world import World


@dataclasses.dataclass(frozen=True)
class Wiring:
    """A way to get a session. `shown`: our pages show it, so that correct code works with it.

    `refused`: it cannot be right, and that is seen at the start. `own`: handlers have transactions of their own.
    `brought`: the unit of work gives the session back when it ends; what is done with it then is the owner's affair.

    `opted_out` names the option, and its cost, by which the code asked the framework to keep nothing together.
    """

    name: str
    parts: Callable[[World], Parts]
    shown: bool = False
    refused: bool = False
    own: bool = False
    brought: bool = False
    opted_out: str = ""


WIRINGS = [
    Wiring("`db.session`, injected", with_database(lambda w, db: [*session_of(w, db), INJECTED]), shown=True),
    Wiring(
        "`db.session`, kept by a singleton",
        with_database(lambda w, db: [*session_of(w, db), Binding(Store, InjectedStore, "singleton")]),
        shown=True,
    ),
    Wiring(
        "`async with db.transaction()`",
        with_database(lambda _, db: [Binding(Store, TransactionStore(db, joins=True), "object")]),
        shown=True,
    ),
    Wiring(
        "`db.session` of a session class of one's own",
        with_database(
            lambda _, db: [Binding(OwnSession, db.session, "object"), Binding(Store, OwnClassStore)],
            sessions=lambda w: makers(w, OwnSession),
        ),
        shown=True,
    ),
    Wiring(
        "`unit.session` of a `TransactionMiddleware`",
        with_middleware(lambda _: [Binding(Store, UnitStore(), "object")]),
    ),
    Wiring(
        "a session for each request, although `database=` is given",
        with_database(lambda w, _: [Binding(AsyncSession, opening(w, makers(w)), "opened"), INJECTED]),
        refused=True,
    ),
    Wiring(
        "own sessionmaker in the handler, although `database=` is given",
        with_database(lambda w, _: [Binding(Store, SessionmakerStore(makers(w)), "object")]),
    ),
    Wiring(
        "a session for each request beside the unit of work",
        with_middleware(lambda w: [Binding(AsyncSession, opening(w, makers(w)), "opened"), INJECTED]),
    ),
    Wiring(
        "the unit of work over the session of the request",
        with_middleware(
            lambda w: [Binding(AsyncSession, opening(w, makers(w)), "opened"), INJECTED], session_of_the_request
        ),
        brought=True,
    ),
    Wiring(
        "a session without a lifetime beside the unit of work",
        with_middleware(lambda w: [Binding(AsyncSession, made(w), "transient"), INJECTED]),
    ),
    Wiring(
        "one session for all requests",
        with_middleware(
            lambda w: [Binding(AsyncSession, one_session(w), "object"), INJECTED],
            lambda w: lambda: cqrs.SqlAlchemyUnitOfWork(one_session(w)),
        ),
        brought=True,
    ),
    Wiring(
        "a session of `async_scoped_session`",
        with_middleware(
            lambda w: [Binding(AsyncSession, annotated_session_of_the_task(w), "transient"), INJECTED],
            lambda w: lambda: cqrs.SqlAlchemyUnitOfWork(session_of_the_task(w)()),
        ),
        brought=True,
    ),
    Wiring(
        "a session class of one's own, bound nowhere",
        with_database(lambda *_: [Binding(Store, OwnClassStore)]),
        refused=True,
    ),
    Wiring(
        "`async with db.transaction()` without `database=`",
        without_unit(lambda _, db: TransactionStore(db, joins=False)),
        own=True,
    ),
    Wiring("`async with outbox as session`", without_unit(lambda _, db: OutboxStore(db.outbox)), own=True),
    Wiring(
        "own sessionmaker in the handler, and an outbox",
        without_unit(lambda w, _: SessionmakerStore(makers(w)), separate_outbox_transaction=False),
        own=True,
        refused=True,
    ),
    Wiring(
        "own sessionmaker, `separate_outbox_transaction=True`",
        without_unit(lambda w, _: SessionmakerStore(makers(w)), separate_outbox_transaction=True),
        own=True,
        opted_out="`separate_outbox_transaction=True`: its transactions and the one of the outbox are apart",
    ),
    Wiring(
        "a session that the container commits after the request, `separate_outbox_transaction=True`",
        committed_by_the_container,
        own=True,
        opted_out="`separate_outbox_transaction=True`: the container commits when the answer is known already",
    ),
    Wiring(
        "`db.session`, injected, and `database=` for the consumer only",
        consumer_only(lambda _, db: [Binding(AsyncSession, db.session, "object"), INJECTED]),
    ),
]
