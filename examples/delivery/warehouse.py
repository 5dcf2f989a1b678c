"""The warehouse: reserves goods for each order that it hears of, once, however often it hears of it."""

from sqlalchemy import String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import cqrs
from cqrs.events import bootstrap
from cqrs.message_brokers.source import MessageSource
from examples.delivery.messages import REGISTRY, OrderPlaced


class WarehouseBase(DeclarativeBase):
    """The tables of the warehouse."""


class Reservation(WarehouseBase):
    """Goods for one order. Nothing here keeps a second one for the same order out: that is the inbox's work."""

    __tablename__ = "reservations"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_number: Mapped[int]
    customer: Mapped[str] = mapped_column(String(40))
    sku: Mapped[str] = mapped_column(String(40))


async def reserve(event: OrderPlaced, session: AsyncSession) -> None:
    """Reserve what an order needs, in the transaction that marks its message as handled."""
    order = event.payload
    session.add(Reservation(order_number=order.number, customer=order.customer, sku=order.sku))


def warehouse_database(url: str) -> cqrs.Database:
    """Where the warehouse keeps its reservations, and which messages it has handled."""
    return cqrs.Database(url, metadata=WarehouseBase.metadata, registry=REGISTRY)


def open_warehouse(database: cqrs.Database, source: MessageSource) -> cqrs.Consumer:
    """A worker that reserves what it hears of."""
    mediator = bootstrap.bootstrap(database=database, events_mapper=lambda events: events.bind(OrderPlaced, reserve))
    return cqrs.Consumer(source, mediator, name="warehouse", database=database)
