"""The shop: an order, and the message that tells of it, are one transaction."""

from sqlalchemy import String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import cqrs
from cqrs.requests import bootstrap
from examples.delivery.messages import REGISTRY, Order, OrderPlaced


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


async def place(command: PlaceOrder, session: AsyncSession, events: cqrs.EventRecorder) -> None:
    """Write an order down, and tell of it."""
    session.add(OrderRow(**command.order.model_dump()))
    events.record(OrderPlaced(payload=command.order))


def shop_database(url: str) -> cqrs.Database:
    """Where the shop keeps its orders, and what it has to tell."""
    return cqrs.Database(url, metadata=ShopBase.metadata, registry=REGISTRY)


def open_shop(database: cqrs.Database) -> cqrs.RequestMediator:
    """Something that takes orders."""
    return bootstrap.bootstrap(database=database, commands_mapper=lambda commands: commands.bind(PlaceOrder, place))
