"""The catalogue and the shelves."""

from examples.shop.domain.errors import UnknownProduct
from examples.shop.domain.order import OrderLine
from examples.shop.domain.product import Product
from examples.shop.store.database import Database


class Products:
    """What is sold, and how much of it is left."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, sku: str) -> Product:
        """One product. Raises ``UnknownProduct``."""
        row = await self._database.row("SELECT sku, name, price_cents, stock FROM products WHERE sku = :sku", sku=sku)
        if row is None:
            raise UnknownProduct(sku)
        return Product(**row)

    async def all(self) -> list[Product]:
        """Every product, by name."""
        rows = await self._database.rows("SELECT sku, name, price_cents, stock FROM products ORDER BY name")
        return [Product(**row) for row in rows]

    async def take(self, line: OrderLine) -> None:
        """Take what was sold off the shelf."""
        await self._database.run(
            "UPDATE products SET stock = stock - :quantity WHERE sku = :sku", sku=line.sku, quantity=line.quantity
        )
