"""What the two services have in common: one topic, and what is told on it."""

from pydantic import BaseModel

import cqrs

TOPIC = "orders"
ORDER_PLACED = "order_placed"


class Order(BaseModel):
    """What the warehouse needs to know of an order."""

    number: int
    customer: str
    sku: str


OrderPlaced = cqrs.NotificationEvent[Order]
