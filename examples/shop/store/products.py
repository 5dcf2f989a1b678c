"""The catalogue and the shelves."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from examples.shop.domain.errors import UnknownProduct
from examples.shop.domain.order import OrderLine
from examples.shop.domain.product import Product
from examples.shop.store.tables import ProductRow


class Products:
    """What is sold, and how much of it is left."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, sku: str) -> Product:
        """One product. Raises ``UnknownProduct``."""
        row = await self._session.get(ProductRow, sku)
        if row is None:
            raise UnknownProduct(sku)
        return _product(row)

    async def all(self) -> list[Product]:
        """Every product, by name."""
        return [_product(row) for row in await self._session.scalars(select(ProductRow).order_by(ProductRow.name))]

    async def take(self, line: OrderLine) -> None:
        """Take what was sold off the shelf."""
        row = await self._session.get_one(ProductRow, line.sku)
        row.stock -= line.quantity


def _product(row: ProductRow) -> Product:
    return Product(row.sku, row.name, row.price_cents, row.stock)
