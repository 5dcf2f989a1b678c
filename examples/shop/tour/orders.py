"""Chapters 1 and 3: orders come in, and the list shows them."""

from rich.table import Table

from examples.shop.domain.money import euros
from examples.shop.tour.client import ShopClient
from examples.shop.tour.report import Report


async def place_an_order(shop: ShopClient, report: Report) -> None:
    """A command, and what follows from it."""
    report.chapter(
        "Place an order",
        "A command is answered by one handler, which records what happened. In the same transaction the handlers of "
        "that event do their part: one of them writes the list that chapter 3 reads.",
    )
    before = await shop.stock()
    status, order = await shop.place("Ada", TEAPOT=1, MUG=2)
    report.fact("the order is in the books, for 93.90 €", (status, order.get("total_cents")), expected=(201, 9390))
    after = await shop.stock()
    sold = {sku: count - after[sku] for sku, count in before.items() if count != after[sku]}
    report.fact("a teapot and two mugs are off the shelf", sold, expected={"TEAPOT": 1, "MUG": 2})
    listed = [(listed["summary"], listed["status"]) for listed in (await shop.get("/orders"))["orders"]]
    report.fact("the order is on the list", listed, expected=[("1 x Cast-iron teapot, 2 x Stoneware mug", "open")])


async def list_the_orders(shop: ShopClient, report: Report) -> None:
    """A query, on the read model."""
    report.chapter(
        "Ask for the list",
        "A query reads a table that is shaped like the screen: it joins nothing, and takes no lock.",
    )
    status, answer = await shop.call("GET", "/orders?limit=5")
    report.fact("the newest five came back", (status, len(answer["orders"])), expected=(200, 5))
    table = Table("order", "customer", "items", "total", "status", box=None, padding=(0, 2), pad_edge=False)
    table.columns[3].justify = "right"
    for order in answer["orders"]:
        total = euros(order["total_cents"])
        table.add_row(str(order["order_id"]), order["customer"], order["summary"], total, order["status"])
    report.show(table)
    hers = (await shop.get("/orders?customer=Ada&limit=100"))["orders"]
    report.fact("the list of one customer has only hers", {order["customer"] for order in hers}, expected={"Ada"})
