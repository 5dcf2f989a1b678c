"""Habits: two databases, and parts that are given what is not theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cqrs
from cqrs.requests.bootstrap import bootstrap
from tests.natural.habits.habit import Habit
from tests.natural.messages import TOPIC, Inner, Kaput, Row, Told, fail

if TYPE_CHECKING:
    from tests.natural.world import Turn


async def writes_in_two(turn: Turn) -> None:
    await turn.effect("a")
    async with turn.world.other.transaction() as session:
        session.add(Row(name="other"))


async def writes_in_two_and_tells_there(turn: Turn) -> None:
    await turn.write("a")
    async with turn.world.other.transaction() as session:
        session.add(Row(name="other"))
        turn.world.other.outbox.add(Told(topic=TOPIC, payload="other"))


async def writes_in_another(turn: Turn) -> None:
    await turn.effect("a")
    turn.world.other.session.add(Row(name="other"))
    await turn.world.other.session.flush()


async def adds_to_the_outbox_of_another(turn: Turn) -> None:
    await turn.effect("a")
    turn.world.other.outbox.add(Told(topic=TOPIC, payload="other"))


async def fails_within_another(turn: Turn) -> None:
    await turn.effect("a")
    try:
        async with turn.world.other.transaction() as session:
            session.add(Row(name="other"))
            fail()
    except Kaput:
        pass


async def opens_a_unit(turn: Turn) -> None:
    await turn.effect("a")
    async with cqrs.SqlAlchemyUnitOfWork(turn.world.sessions) as unit:
        unit.session.add(Row(name="b"))
    turn.world.own.update(["b"])


async def takes_a_connection_of_the_engine(turn: Turn) -> None:
    await turn.effect("a")
    async with turn.world.engine.begin() as connection:
        await connection.execute(Row.__table__.insert().values(name="b"))  # type: ignore[attr-defined]
    turn.world.own.update(["b"])


async def asks_the_mediator_of_another(turn: Turn) -> None:
    await turn.effect("a")
    outside = cqrs.current_unit_of_work() is None
    await _mediator_of_another(turn).send(Inner())
    if outside:
        turn.world.own_elsewhere.update(["other"])


async def asks_the_mediator_of_another_and_fails(turn: Turn) -> None:
    await asks_the_mediator_of_another(turn)
    raise Kaput


async def asks_it_within_its_transaction(turn: Turn) -> None:
    await turn.effect("a")
    async with turn.world.other.transaction():
        await _mediator_of_another(turn).send(Inner())


def _mediator_of_another(turn: Turn) -> cqrs.RequestMediator:
    other = turn.world.other

    async def write(request: Inner) -> str:
        other.session.add(Row(name="other"))
        await other.session.flush()
        return "done"

    return bootstrap(database=other, commands_mapper=lambda m: m.bind(Inner, write))


async def writes(turn: Turn) -> None:
    await turn.effect("a")


HABITS = [
    Habit(
        "two databases, `async with other.transaction()`",
        writes_in_two,
        other=("other",),
        two_databases=True,
        correct=True,
    ),
    Habit(
        "the transaction of another database fails and is caught",
        fails_within_another,
        two_databases=True,
        correct=True,
    ),
    Habit("two databases, and nothing is said about it", writes_in_another, other=("other",), two_databases=True),
    Habit("the outbox of another database", adds_to_the_outbox_of_another, messages=("a", "other"), two_databases=True),
    Habit(
        "a nested `send` of another database's mediator",
        asks_the_mediator_of_another,
        other=("other",),
        two_databases=True,
    ),
    Habit(
        "a nested `send` of another database's mediator, and then a failure",
        asks_the_mediator_of_another_and_fails,
        (),
        (),
        ends="error",
        two_databases=True,
    ),
    Habit(
        "a nested `send` of another database's mediator, within `async with other.transaction()`",
        asks_it_within_its_transaction,
        other=("other",),
        two_databases=True,
        correct=True,
    ),
    Habit("a second unit of work over the engine", opens_a_unit, ("a", "b")),
    Habit("a connection of the engine", takes_a_connection_of_the_engine, ("a", "b")),
    Habit("a recorder injected into a service", writes, audited=True),
]
