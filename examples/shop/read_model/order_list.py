"""The table behind the list of orders."""

from examples.shop.domain.errors import UnknownOrder
from examples.shop.events import OrderPlaced
from examples.shop.queries import ListedOrder, ListOrders, OrderList, OrderStatus
from examples.shop.store.database import Database

NEWEST = """
    SELECT * FROM order_list
    WHERE (:customer IS NULL OR customer = :customer) AND (:status IS NULL OR status = :status)
    ORDER BY order_id DESC LIMIT :limit
"""
FIGURES = """
    SELECT count(*) AS count, coalesce(sum(total_cents), 0) AS total_cents FROM order_list
    WHERE (:customer IS NULL OR customer = :customer) AND (:status IS NULL OR status = :status)
"""


class OrderListTable:
    """One row for each order, with everything that the list shows: to read it, nothing has to be joined."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, event: OrderPlaced) -> None:
        """A new order, still open."""
        await self._database.run(
            "INSERT INTO order_list (order_id, placed_at, customer, summary, total_cents)"
            " VALUES (:order_id, :placed_at, :customer, :summary, :total_cents)",
            **event.model_dump(mode="json"),
        )

    async def mark(self, order_id: int, status: OrderStatus, method: str) -> None:
        """The order is settled."""
        await self._database.run(
            "UPDATE order_list SET status = :status, method = :method WHERE order_id = :order_id",
            order_id=order_id,
            status=status,
            method=method,
        )

    async def get(self, order_id: int) -> ListedOrder:
        """One order. Raises ``UnknownOrder``."""
        row = await self._database.row("SELECT * FROM order_list WHERE order_id = :order_id", order_id=order_id)
        if row is None:
            raise UnknownOrder(order_id)
        return ListedOrder(**row)

    async def find(self, query: ListOrders) -> OrderList:
        """The newest orders that ``query`` asks for, with the figures of all of them."""
        wanted = {"customer": query.customer, "status": query.status}
        orders = await self._database.rows(NEWEST, **wanted, limit=query.limit)
        figures = await self._database.row(FIGURES, **wanted)
        return OrderList(orders=[ListedOrder(**row) for row in orders], **(figures or {}))
