"""Queries need little: each is answered by a function, to which the container passes what it asks for."""

from examples.shop.queries import Article, Catalogue, ListedOrder, ListOrders, OrderList, ShowCatalogue, ShowOrder
from examples.shop.read_model.order_list import OrderListTable
from examples.shop.store.products import Products


async def list_orders(query: ListOrders, table: OrderListTable) -> OrderList:
    """Answers ``ListOrders`` from the read model."""
    return await table.find(query)


async def show_order(query: ShowOrder, table: OrderListTable) -> ListedOrder:
    """Answers ``ShowOrder`` from the read model. Raises ``UnknownOrder``."""
    return await table.get(query.order_id)


async def show_catalogue(query: ShowCatalogue, products: Products) -> Catalogue:
    """Answers ``ShowCatalogue``."""
    del query
    articles = [Article(sku=p.sku, name=p.name, price_cents=p.price_cents, stock=p.stock) for p in await products.all()]
    return Catalogue(articles=articles)
