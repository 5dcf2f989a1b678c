"""What can be asked of the shop without changing it, and how it answers. Nobody who writes keeps these waiting."""

import datetime
from typing import Annotated, Literal

from pydantic import Field

import cqrs
from examples.shop.fields import Customer, OrderId

OrderStatus = Literal["open", "promised", "paid"]


class ListedOrder(cqrs.Response):
    """An order as the list shows it."""

    order_id: int
    placed_at: datetime.datetime
    customer: str
    summary: str
    total_cents: int
    status: OrderStatus
    method: str | None


class OrderList(cqrs.Response):
    """The newest orders, and the figures of all that were asked for."""

    orders: list[ListedOrder]
    count: int
    total_cents: int


@cqrs.transaction_options(read_only=True)
class ListOrders(cqrs.Request[OrderList]):
    """The newest orders, of one customer or with one status if these are given."""

    customer: Customer | None = None
    status: OrderStatus | None = None
    limit: Annotated[int, Field(ge=0, le=100)] = 20


@cqrs.transaction_options(read_only=True)
class ShowOrder(cqrs.Request[ListedOrder]):
    """One order."""

    order_id: OrderId


class Article(cqrs.Response):
    """A line of the catalogue."""

    sku: str
    name: str
    price_cents: int
    stock: int


class Catalogue(cqrs.Response):
    """Everything the shop sells."""

    articles: list[Article]


@cqrs.transaction_options(read_only=True)
class ShowCatalogue(cqrs.Request[Catalogue]):
    """What is sold, and how much of it is left."""
