"""The table behind the list of orders."""

from sqlalchemy import CheckConstraint, Index, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from examples.shop.domain.errors import UnknownOrder
from examples.shop.events import OrderPlaced
from examples.shop.queries import ListedOrder, ListOrders, OrderList, OrderStatus
from examples.shop.store.tables import Base


class ListedOrderRow(Base):
    """One line on the screen. Only the handlers of domain events write it."""

    __tablename__ = "order_list"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'promised', 'paid')"),
        Index("order_list_customer", "customer", "order_id"),
    )

    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    placed_at: Mapped[str]
    customer: Mapped[str]
    summary: Mapped[str]
    total_cents: Mapped[int]
    status: Mapped[str] = mapped_column(default="open")
    method: Mapped[str | None]


class OrderListTable:
    """One row for each order, with everything that the list shows: to read it, nothing has to be joined."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, event: OrderPlaced) -> None:
        """A new order, still open."""
        self._session.add(ListedOrderRow(**event.model_dump(mode="json")))

    async def mark(self, order_id: int, status: OrderStatus, method: str) -> None:
        """The order is settled."""
        row = await self._session.get_one(ListedOrderRow, order_id)
        row.status, row.method = status, method

    async def get(self, order_id: int) -> ListedOrder:
        """One order. Raises ``UnknownOrder``."""
        row = await self._session.get(ListedOrderRow, order_id)
        if row is None:
            raise UnknownOrder(order_id)
        return ListedOrder.model_validate(row, from_attributes=True)

    async def find(self, query: ListOrders) -> OrderList:
        """The newest orders that ``query`` asks for, with the figures of all of them."""
        row = ListedOrderRow
        wanted = [row.customer == query.customer] if query.customer else []
        wanted += [row.status == query.status] if query.status else []
        newest = select(row).where(*wanted).order_by(row.order_id.desc()).limit(query.limit)
        orders = [
            ListedOrder.model_validate(found, from_attributes=True) for found in await self._session.scalars(newest)
        ]
        figures = select(func.count(), func.coalesce(func.sum(row.total_cents), 0)).where(*wanted)
        count, total_cents = (await self._session.execute(figures)).one()
        return OrderList(orders=orders, count=count, total_cents=total_cents)
