"""The ledger: books the messages of the shop, in another database, with commands of its own."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002  # the container reads the annotation

import cqrs
from cqrs.events import bootstrap as events
from cqrs.requests import bootstrap as requests
from tests.faults.books.accounts import attempt, move
from tests.faults.books.messages import Attempt, Move, OrderBooked, OrderTold, Refused
from tests.faults.books.tables import CUSTOMERS, SHOP, Heard

if TYPE_CHECKING:
    from cqrs.message_brokers.source import MessageSource
    from tests.faults.books.containers import MakeContainer

POLICY = cqrs.ConsumerPolicy(
    receive_timeout=0.1, attempts_in_batch=20, attempt_backoff=cqrs.Backoff(first=0.01, longest=0.05)
)


class Unlucky(Exception):
    """Now and then a message fails, and all of its batch is done again."""


async def hear(
    event: OrderTold, session: AsyncSession, mediator: cqrs.RequestMediator, recorder: cqrs.EventRecorder
) -> None:
    """Book an order."""
    key, cents = event.payload.key, event.payload.cents
    session.add(Heard(key=key, cents=cents))
    if random.random() < 0.2:  # noqa: S311  # nothing is hidden by it
        with suppress(Refused):
            await mediator.send(Attempt(key=key, source=CUSTOMERS[0], target=SHOP))
    await mediator.send(Move(key=key, reason="sale", source=CUSTOMERS[0], target=SHOP, amount=cents))
    recorder.record(OrderBooked(payload=key))
    if random.random() < 0.02:  # noqa: S311  # as above
        raise Unlucky(key)


def bind_commands(commands: cqrs.RequestMap) -> None:
    commands.bind(Move, move)
    commands.bind(Attempt, attempt)


def open_ledger(make_container: MakeContainer, database: cqrs.Database, source: MessageSource) -> cqrs.Consumer:
    """A worker that books the messages it receives."""
    container = make_container(database, lambda: mediator)
    mediator = requests.bootstrap(container, database=database, commands_mapper=bind_commands)
    reactions = events.bootstrap(container, database=database, events_mapper=lambda e: e.bind(OrderTold, hear))
    return cqrs.Consumer(source, reactions, name="ledger", database=database, policy=POLICY)
