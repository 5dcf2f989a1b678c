"""The shop: a command that sends others, and an event whose handler does."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002  # the container reads the annotation

import cqrs
from cqrs.requests.bootstrap import bootstrap
from tests.faults.books.accounts import attempt, move
from tests.faults.books.messages import Attempt, GivePoints, Move, OrderPlaced, PlaceOrder, Refused, told
from tests.faults.books.tables import POINTS_BANK, POINTS_OF, SHOP, Order

if TYPE_CHECKING:
    from tests.faults.books.containers import MakeContainer


class PlaceOrderHandler(cqrs.RequestHandler[PlaceOrder, int]):
    """Takes the order, then the money, and records what has happened."""

    def __init__(self, session: AsyncSession, database: cqrs.Database, mediator: cqrs.RequestMediator) -> None:
        self._session = session
        self._database = database
        self._mediator = mediator

    async def handle(self, request: PlaceOrder) -> int:
        order = Order(key=request.key, customer=request.customer, cents=request.cents)
        self._session.add(order)
        for _ in range(request.attempts):
            with suppress(Refused):
                await self._undone(request)
        await self._mediator.send(
            Move(key=request.key, reason="payment", source=request.customer, target=SHOP, amount=request.cents)
        )
        message = told(request.key, request.cents)
        if request.told_by == "outbox":
            self._database.outbox.add(message, key=str(request.customer))
        else:
            self.record(message)
        self.record(
            OrderPlaced(
                key=request.key,
                customer=request.customer,
                cents=request.cents,
                refused=request.refused_by == "reaction",
            )
        )
        if request.refused_by == "handler":
            raise Refused(request.key)
        await self._session.flush()
        return order.id

    async def _undone(self, request: PlaceOrder) -> None:
        """A part of it that fails."""
        async with self._database.transaction():
            self.record(told(f"{request.key} was undone", 1))
            await self._mediator.send(Attempt(key=request.key, source=request.customer, target=SHOP))


async def thank(event: OrderPlaced, mediator: cqrs.RequestMediator) -> None:
    """Reacts to ``OrderPlaced``: a point for every 10 cents."""
    points = event.cents // 10
    await mediator.send(GivePoints(key=event.key, customer=event.customer, points=points, refused=event.refused))


async def give_points(command: GivePoints, mediator: cqrs.RequestMediator) -> None:
    """Answers ``GivePoints``."""
    target = POINTS_OF + command.customer
    move_them = Move(key=command.key, reason="points", source=POINTS_BANK, target=target, amount=command.points)
    await mediator.send(move_them)
    if command.refused:
        raise Refused(command.key)


def bind_commands(commands: cqrs.RequestMap) -> None:
    commands.bind(PlaceOrder, PlaceOrderHandler)
    commands.bind(Move, move)
    commands.bind(Attempt, attempt)
    commands.bind(GivePoints, give_points)


def open_shop(make_container: MakeContainer, database: cqrs.Database) -> cqrs.RequestMediator:
    """Something that takes orders."""
    mediator = bootstrap(
        make_container(database, lambda: mediator),
        database=database,
        middlewares=[cqrs.RetryMiddleware(cqrs.Retry(20, backoff=cqrs.Backoff(first=0.01, longest=0.2)))],
        commands_mapper=bind_commands,
        domain_events_mapper=lambda events: events.bind(OrderPlaced, thank),
    )
    return mediator
