"""Chapter 6: what goes wrong goes wrong well."""

from examples.shop.tour.client import ShopClient
from examples.shop.tour.report import Report


async def hear_no(shop: ShopClient, report: Report) -> None:
    """Errors of the shop as problem details, and transactions that leave no trace."""
    report.chapter(
        "Hear a no",
        "Handlers raise errors of the shop. The HTTP side gives each kind its status, and the transaction takes back "
        "whatever had been written by then.",
    )
    code, problem = await shop.call("GET", "/orders/4711")
    report.fact("an unknown order: 404, and the reason", (code, problem.get("title")), expected=(404, "Unknown order"))
    code, _ = await shop.pay(1, "paypal")
    report.fact("an order that is paid: 409, nobody pays twice", code, expected=409)
    code, _ = await shop.call("POST", "/orders", {"customer": "Eve", "items": []})
    report.fact("an order for nothing: 422", code, expected=422)

    stock, count = await shop.stock(), await shop.count()
    code, _ = await shop.place("Eve", MUG=1, GYOKURO=6)
    report.fact("sold out: 409", code, expected=409)
    report.fact("the mug, taken off the shelf before that, is back", await shop.stock(), expected=stock)
    code, _ = await shop.place("Eve", TEAPOT=8)
    report.fact("more than we lend: 409, raised by the last handler of OrderPlaced", code, expected=409)
    report.fact("by then the order was on the list: it has left no trace there", await shop.count(), expected=count)
    report.fact("nor on the shelf", await shop.stock(), expected=stock)

    code, order = await shop.place("Eve", TEAPOT=5)
    report.fact("the next order has the next number", (code, order.get("order_id")), expected=(201, count + 1))
    code, _ = await shop.pay(count + 1, "card")
    status = (await shop.get(f"/orders/{count + 1}"))["status"]
    report.fact("a card that is declined: 402, and the order stays open", (code, status), expected=(402, "open"))
