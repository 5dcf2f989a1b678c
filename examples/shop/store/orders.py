"""The books."""

from collections.abc import Sequence

from examples.shop.commands import Payment
from examples.shop.domain.errors import UnknownOrder
from examples.shop.domain.order import Order, OrderLine
from examples.shop.store.database import Database


class Orders:
    """Every order that was placed, and how it was settled."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, customer: str, lines: Sequence[OrderLine]) -> Order:
        """Enter a new order, which gets its number here."""
        total = sum(line.total_cents for line in lines)
        order_id = await self._database.insert(
            "INSERT INTO orders (customer, total_cents) VALUES (:customer, :total)", customer=customer, total=total
        )
        for line in lines:
            await self._database.run(
                "INSERT INTO order_lines VALUES (:order_id, :sku, :quantity, :price_cents)",
                order_id=order_id,
                sku=line.sku,
                quantity=line.quantity,
                price_cents=line.price_cents,
            )
        return Order(order_id, customer, total, paid=False)

    async def get(self, order_id: int) -> Order:
        """One order. Raises ``UnknownOrder``."""
        row = await self._database.row("SELECT id, customer, total_cents, paid FROM orders WHERE id = :id", id=order_id)
        if row is None:
            raise UnknownOrder(order_id)
        return Order(row["id"], row["customer"], row["total_cents"], paid=bool(row["paid"]))

    async def settle(self, payment: Payment) -> None:
        """Enter how an order was paid."""
        await self._database.run("UPDATE orders SET paid = 1 WHERE id = :id", id=payment.order_id)
        await self._database.run(
            "INSERT INTO payments VALUES (:order_id, :method, :reference, :captured)", **payment.to_dict()
        )

    async def owed_by(self, customer: str) -> int:
        """What ``customer`` has not paid yet, in cents."""
        row = await self._database.row(
            "SELECT coalesce(sum(total_cents), 0) AS owed FROM orders WHERE customer = :customer AND paid = 0",
            customer=customer,
        )
        return row["owed"] if row else 0
