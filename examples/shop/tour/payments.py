"""Chapters 4 and 5: three ways to pay, and a card terminal that goes down."""

import asyncio

from examples.shop.tour.client import ShopClient
from examples.shop.tour.report import Report
from examples.shop.wiring import CARD_PAUSE


async def pay_in_three_ways(shop: ShopClient, report: Report) -> None:
    """A chain of responsibility."""
    report.chapter(
        "Pay in three ways",
        "A chain of handlers: the card step takes what is paid by card and passes on the rest, PayPal does the same, "
        "and the last one sends an invoice for whatever is left.",
    )
    for order_id, method, status, told in (
        (1, "card", "paid", "the card was charged"),
        (2, "paypal", "paid", "the card step passed it on, and PayPal paid"),
        (3, "invoice", "promised", "both passed it on, and the last of the chain sent an invoice"),
    ):
        code, _ = await shop.pay(order_id, method)
        report.fact(told, (code, (await shop.get(f"/orders/{order_id}"))["status"]), expected=(200, status))


async def pull_the_plug(shop: ShopClient, report: Report) -> None:
    """A fallback behind a circuit breaker."""
    report.chapter(
        "Pull the plug of the card terminal",
        "Charging a card has a stand-in: a slip that is charged later. A circuit breaker counts the failures. After "
        "two in a row it leaves the terminal alone for two seconds, and then lets one call through to see.",
    )
    await shop.call("PUT", "/card-terminal", {"up": False})
    calls = await shop.calls_of_the_terminal()
    for order_id in (4, 5, 6):
        code, payment = await shop.pay(order_id, "card")
        report.fact("the stand-in took a slip", (code, payment.get("captured")), expected=(200, False))
    calls = await shop.calls_of_the_terminal() - calls
    report.fact("the terminal was called twice: the third customer did not wait for it", calls, expected=2)
    await shop.call("PUT", "/card-terminal", {"up": True})
    with report.console.status("   the two seconds pass"):
        await asyncio.sleep(CARD_PAUSE * 1.1)
    code, payment = await shop.pay(7, "card")
    report.fact("the terminal is back, and charged the card", (code, payment.get("captured")), expected=(200, True))
