"""Sells: takes the goods off the shelf and enters the order in the books."""

import datetime

import cqrs
from examples.shop.commands import Item, PlacedOrder, PlaceOrder
from examples.shop.domain.order import OrderLine
from examples.shop.events import OrderPlaced
from examples.shop.store.orders import Orders
from examples.shop.store.products import Products


class PlaceOrderHandler(cqrs.RequestHandler[PlaceOrder, PlacedOrder]):
    """Answers ``PlaceOrder``. If one item is sold out, the transaction puts the others back."""

    def __init__(self, products: Products, orders: Orders) -> None:
        self._products = products
        self._orders = orders

    async def handle(self, request: PlaceOrder) -> PlacedOrder:
        """Sell every item, or raise ``UnknownProduct`` or ``SoldOut``."""
        lines = [await self._sell(item) for item in request.items]
        order = await self._orders.add(request.customer, lines)
        self.record(
            OrderPlaced(
                order_id=order.id,
                customer=order.customer,
                summary=", ".join(f"{line.quantity} x {line.name}" for line in lines),
                total_cents=order.total_cents,
                placed_at=datetime.datetime.now(datetime.UTC),
            )
        )
        return PlacedOrder(order_id=order.id, total_cents=order.total_cents)

    async def _sell(self, item: Item) -> OrderLine:
        product = await self._products.get(item.sku)
        line = product.sell(item.quantity)
        await self._products.take(line)
        return line
