"""What happens in the shop. Whoever wants to react is bound to these in ``wiring``; a command knows none of them."""

import datetime

import cqrs


class OrderPlaced(cqrs.DomainEvent):
    """A customer owes us money, and we owe the customer what ``summary`` tells."""

    order_id: int
    customer: str
    summary: str
    total_cents: int
    placed_at: datetime.datetime


class OrderSettled(cqrs.DomainEvent):
    """The money is here, or, where ``captured`` is false, promised."""

    order_id: int
    method: str
    captured: bool
