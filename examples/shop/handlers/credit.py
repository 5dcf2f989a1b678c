"""A reaction that can say no: a customer may owe the shop only so much."""

from examples.shop.domain.credit import require_credit
from examples.shop.events import OrderPlaced
from examples.shop.store.orders import Orders


async def watch_credit(event: OrderPlaced, orders: Orders) -> None:
    """Raises ``CreditExceeded``, which undoes the order and everything that followed from it."""
    require_credit(event.customer, await orders.owed_by(event.customer))
