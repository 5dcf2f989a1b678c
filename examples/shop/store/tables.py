"""What the shop must not get wrong. The tables have the names of what is in them."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Every table of the shop."""


class ProductRow(Base):
    """A product, and how many of it are on the shelf."""

    __tablename__ = "products"
    __table_args__ = (CheckConstraint("price_cents > 0"), CheckConstraint("stock >= 0"))

    sku: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    price_cents: Mapped[int]
    stock: Mapped[int]


class OrderRow(Base):
    """An order. Its number is never given again, whatever becomes of it."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("total_cents > 0"),
        Index("orders_unpaid", "customer", sqlite_where=text("paid = 0")),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str]
    total_cents: Mapped[int]
    paid: Mapped[bool] = mapped_column(default=False)


class OrderLineRow(Base):
    """Some pieces of one product, at the price of the day."""

    __tablename__ = "order_lines"
    __table_args__ = (CheckConstraint("quantity > 0"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey(OrderRow.id))
    sku: Mapped[str] = mapped_column(ForeignKey(ProductRow.sku))
    quantity: Mapped[int]
    price_cents: Mapped[int]


class PaymentRow(Base):
    """How an order was settled: once."""

    __tablename__ = "payments"

    order_id: Mapped[int] = mapped_column(ForeignKey(OrderRow.id), primary_key=True)
    method: Mapped[str]
    reference: Mapped[str]
    captured: Mapped[bool]
