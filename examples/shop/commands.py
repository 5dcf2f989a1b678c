"""What can be asked of the shop that changes something, and how it answers."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

import cqrs
from examples.shop.fields import Customer, OrderId, Quantity, Sku


class Item(BaseModel):
    """Some pieces of one product."""

    sku: Sku
    quantity: Quantity


class PlacedOrder(cqrs.Response):
    """The order is in the books."""

    order_id: int
    total_cents: int


class PlaceOrder(cqrs.Request[PlacedOrder]):
    """Sell these items to a customer, all of them or none."""

    customer: Customer
    items: Annotated[list[Item], Field(min_length=1, max_length=50)]


class ImportProgress(cqrs.Response):
    """One line of the file is done: ``order_id`` tells the order it became, ``problem`` why it became none."""

    done: int
    total: int
    line: int
    order_id: int | None = None
    problem: str | None = None


class ImportOrders(cqrs.Request[ImportProgress]):
    """Place the orders of a CSV file with the columns customer, sku and quantity.

    Each line becomes a ``PlaceOrder``, and a transaction, of its own, so a bad line spoils no other.
    """

    csv: str


class Payment(cqrs.Response):
    """The order is settled: with money, or, where ``captured`` is false, with the promise of it."""

    order_id: int
    method: str
    reference: str
    captured: bool


class PayOrder(cqrs.Request[Payment]):
    """Settle an order."""

    order_id: OrderId
    method: Literal["card", "paypal", "invoice"] = "invoice"
