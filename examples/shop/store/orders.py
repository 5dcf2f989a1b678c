"""The books."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from examples.shop.commands import Payment
from examples.shop.domain.errors import UnknownOrder
from examples.shop.domain.order import Order, OrderLine
from examples.shop.store.tables import OrderLineRow, OrderRow, PaymentRow


class Orders:
    """Every order that was placed, and how it was settled."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, customer: str, lines: Sequence[OrderLine]) -> Order:
        """Enter a new order, which gets its number here."""
        row = OrderRow(customer=customer, total_cents=sum(line.total_cents for line in lines))
        self._session.add(row)
        await self._session.flush()
        self._session.add_all(
            OrderLineRow(order_id=row.id, sku=line.sku, quantity=line.quantity, price_cents=line.price_cents)
            for line in lines
        )
        return _order(row)

    async def get(self, order_id: int) -> Order:
        """One order. Raises ``UnknownOrder``."""
        row = await self._session.get(OrderRow, order_id)
        if row is None:
            raise UnknownOrder(order_id)
        return _order(row)

    async def settle(self, payment: Payment) -> None:
        """Enter how an order was paid."""
        row = await self._session.get_one(OrderRow, payment.order_id)
        row.paid = True
        self._session.add(PaymentRow(**payment.to_dict()))

    async def owed_by(self, customer: str) -> int:
        """What ``customer`` has not paid yet, in cents."""
        unpaid = select(func.coalesce(func.sum(OrderRow.total_cents), 0)).where(
            OrderRow.customer == customer, OrderRow.paid.is_(False)
        )
        return (await self._session.scalars(unpaid)).one()


def _order(row: OrderRow) -> Order:
    return Order(row.id, row.customer, row.total_cents, paid=row.paid)
