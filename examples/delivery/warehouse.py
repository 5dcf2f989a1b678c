"""The warehouse: reserves goods for each order that it hears of, once, however often it hears of it."""

from sqlalchemy import String
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import cqrs
from cqrs.events import bootstrap
from cqrs.message_brokers.source import MessageSource
from examples.delivery.messages import ORDER_PLACED, OrderPlaced


class WarehouseBase(DeclarativeBase):
    """The tables of the warehouse."""


class Reservation(WarehouseBase):
    """Goods for one order. Nothing here keeps a second one for the same order out: that is the inbox's work."""

    __tablename__ = "reservations"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_number: Mapped[int]
    customer: Mapped[str] = mapped_column(String(40))
    sku: Mapped[str] = mapped_column(String(40))


async def reserve(event: OrderPlaced) -> None:
    """Reserve what an order needs, in the transaction that marks its message as handled."""
    order, unit = event.payload, cqrs.current_unit_of_work()
    assert unit is not None  # noqa: S101  # the consumer has opened it
    unit.session.add(Reservation(order_number=order.number, customer=order.customer, sku=order.sku))


def open_warehouse(sessions: async_sessionmaker[AsyncSession], source: MessageSource) -> cqrs.Consumer:
    """A worker that reserves what it hears of."""
    registry = cqrs.EventRegistry()
    registry.register(OrderPlaced, ORDER_PLACED)
    return cqrs.Consumer(
        source,
        bootstrap.bootstrap(events_mapper=lambda events: events.bind(OrderPlaced, reserve)),
        name="warehouse",
        inbox=cqrs.SqlAlchemyInboxRepository(sessions),
        unit_of_work=lambda: cqrs.SqlAlchemyUnitOfWork(sessions),
        registry=registry,
    )
