"""What the two services have in common: one topic, and what is told on it."""

from pydantic import BaseModel

import cqrs

TOPIC = "orders"


class Order(BaseModel, frozen=True):
    """What the warehouse needs to know of an order."""

    number: int
    customer: str
    sku: str


class OrderPlaced(cqrs.NotificationEvent[Order]):
    """The shop has taken an order."""

    event_name: str = "order_placed"
    topic: str = TOPIC

    @property
    def message_key(self) -> str:
        """The orders of a customer stay in order."""
        return self.payload.customer


REGISTRY = cqrs.EventRegistry()
REGISTRY.register(OrderPlaced, "order_placed")
