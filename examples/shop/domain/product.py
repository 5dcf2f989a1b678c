"""What is sold."""

from dataclasses import dataclass

from examples.shop.domain.errors import SoldOut
from examples.shop.domain.order import OrderLine


@dataclass(frozen=True)
class Product:
    """Something in the catalogue, and how many of it are left."""

    sku: str
    name: str
    price_cents: int
    stock: int

    def sell(self, quantity: int) -> OrderLine:
        """The line of an order for ``quantity`` of it, at today's price. Raises ``SoldOut``."""
        if quantity > self.stock:
            raise SoldOut(self.name, self.stock)
        return OrderLine(self.sku, self.name, quantity, self.price_cents)
