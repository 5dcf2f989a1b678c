"""The requests of the two services, and their messages."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

import cqrs


class Refused(Exception):
    """A no: everything that belongs to what was asked is undone."""


class Move(cqrs.Request[None]):
    """Take an amount from one account and put it into another."""

    key: str
    reason: str
    source: int
    target: int
    amount: int


class Attempt(cqrs.Request[None]):
    """Move an amount, send a message about it, and then fail."""

    key: str
    source: int
    target: int


class PlaceOrder(cqrs.Request[int]):
    """Take an order; the answer is its number. ``attempts`` is how many nested commands fail and are caught."""

    key: str
    customer: int
    cents: int
    attempts: int = 0
    refused_by: Literal["handler", "reaction", ""] = ""
    told_by: Literal["recording", "outbox"] = "recording"


class GivePoints(cqrs.Request[None]):
    """Thank a customer."""

    key: str
    customer: int
    points: int
    refused: bool


class OrderPlaced(cqrs.DomainEvent):
    """A customer has paid."""

    key: str
    customer: int
    cents: int
    refused: bool


TOPIC = "orders"


class Told(BaseModel):
    """What others need to know of an order."""

    key: str
    cents: int


OrderTold = cqrs.NotificationEvent[Told]
"""The shop has an order."""


class OrderBooked(cqrs.NotificationEvent[str]):
    """The ledger has booked the order with this key."""

    event_name: str = "order_booked"
    topic: str = "bookings"


REGISTRY = cqrs.EventRegistry()
REGISTRY.register(OrderTold, "order_told")
REGISTRY.register(OrderBooked, "order_booked")


def told(key: str, cents: int) -> cqrs.NotificationEvent[Told]:
    """The message about the order with ``key``."""
    return OrderTold(event_name="order_told", topic=TOPIC, payload=Told(key=key, cents=cents))
