"""What a customer asked for."""

from dataclasses import dataclass

from examples.shop.domain.errors import AlreadyPaid


@dataclass(frozen=True)
class OrderLine:
    """Some pieces of one product, at the price of the day."""

    sku: str
    name: str
    quantity: int
    price_cents: int

    @property
    def total_cents(self) -> int:
        """What the line costs."""
        return self.quantity * self.price_cents


@dataclass(frozen=True)
class Order:
    """An order as the shop keeps it. It is paid once: with money, or with the promise of it."""

    id: int
    customer: str
    total_cents: int
    paid: bool

    def require_unpaid(self) -> None:
        """Raises ``AlreadyPaid``."""
        if self.paid:
            raise AlreadyPaid(self.id)
