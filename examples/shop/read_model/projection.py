"""Turns domain events into rows of the list, in the transaction of the command that caused them."""

from examples.shop.events import OrderPlaced, OrderSettled
from examples.shop.read_model.order_list import OrderListTable


async def list_placed_order(event: OrderPlaced, table: OrderListTable) -> None:
    """A new order appears in the list."""
    await table.add(event)


async def list_settled_order(event: OrderSettled, table: OrderListTable) -> None:
    """The list tells how the order was settled."""
    await table.mark(event.order_id, "paid" if event.captured else "promised", event.method)
