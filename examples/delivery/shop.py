"""The shop: an order, and the message that tells of it, are one transaction."""

from sqlalchemy import String
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import cqrs
from cqrs.requests import bootstrap
from examples.delivery.messages import ORDER_PLACED, TOPIC, Order, OrderPlaced


class ShopBase(DeclarativeBase):
    """The tables of the shop."""


class OrderRow(ShopBase):
    """An order."""

    __tablename__ = "orders"

    number: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str] = mapped_column(String(40))
    sku: Mapped[str] = mapped_column(String(40))


class PlaceOrder(cqrs.Request[None]):
    """Take an order."""

    order: Order


def outbox_of(sessions: async_sessionmaker[AsyncSession]) -> cqrs.SqlAlchemyOutboxedEventRepository:
    """Where the shop keeps what it has to tell."""
    registry = cqrs.EventRegistry()
    registry.register(OrderPlaced, ORDER_PLACED)
    return cqrs.SqlAlchemyOutboxedEventRepository(sessions, registry=registry)


def open_shop(sessions: async_sessionmaker[AsyncSession]) -> cqrs.RequestMediator:
    """Something that takes orders."""
    outbox = outbox_of(sessions)

    async def place(command: PlaceOrder) -> None:
        unit = cqrs.current_unit_of_work()
        assert unit is not None  # noqa: S101  # the middleware has opened it
        unit.session.add(OrderRow(**command.order.model_dump()))
        told = OrderPlaced(event_name=ORDER_PLACED, topic=TOPIC, payload=command.order)
        outbox.add(told, key=command.order.customer)  # the orders of a customer stay in order

    return bootstrap.bootstrap(
        commands_mapper=lambda commands: commands.bind(PlaceOrder, place),
        middlewares=[cqrs.TransactionMiddleware(lambda: cqrs.SqlAlchemyUnitOfWork(sessions))],
    )
