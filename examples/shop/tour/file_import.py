"""Chapter 2: a file of orders goes up, and progress comes down."""

import csv
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from examples.shop.domain.money import euros
from examples.shop.tour.client import ShopClient
from examples.shop.tour.report import Report

FILE = Path(__file__).parents[1] / "orders.csv"
BAD_LINES = [19, 44, 73, 105, 150, 188]


async def import_a_file(shop: ShopClient, report: Report) -> None:
    """A stream, with a few bad lines in the file."""
    report.chapter(
        "Import a file, and watch",
        f"{FILE.name} goes up, and progress comes down as Server-Sent Events while the lines are worked on. Every line "
        "is an order, and a transaction, of its own, so a bad one spoils no other.",
    )
    before = await shop.get("/orders?limit=0")
    content = FILE.read_bytes()
    lines = list(csv.DictReader(content.decode().splitlines()))
    told, listed_meanwhile = await _watch(shop, report, content, len(lines))
    kinds = [event["type"] for event in told]
    report.fact("it has a start, an event for each line, and an end", kinds, expected=_kinds(len(lines)))
    outcomes = [event["data"] for event in told if event["type"] == "progress"]
    refused = [outcome["line"] for outcome in outcomes if outcome["problem"]]
    report.fact("six bad lines were refused", refused, expected=BAD_LINES)
    after = await shop.get("/orders?limit=0")
    placed, good = after["count"] - before["count"], len(lines) - len(BAD_LINES)
    report.fact(f"the other {good} became orders on the list", placed, expected=good)
    meanwhile = before["count"] < listed_meanwhile < after["count"]
    report.fact("the list grew during the import, and not after it", meanwhile, expected=True)
    prices = {article["sku"]: article["price_cents"] for article in (await shop.get("/catalogue"))["articles"]}
    ordered = [line for outcome, line in zip(outcomes, lines, strict=True) if not outcome["problem"]]
    worth = sum(prices[line["sku"]] * int(line["quantity"]) for line in ordered)
    gained = after["total_cents"] - before["total_cents"]
    report.fact(f"they are worth {euros(worth)}, to the cent", gained, expected=worth)


async def _watch(shop: ShopClient, report: Report, content: bytes, total: int) -> tuple[list[Any], int]:
    """Upload the file: everything that was told, and how many orders were on the list when the first line was done."""
    told: list[Any] = []
    listed_meanwhile = 0
    columns = (TextColumn("  "), BarColumn(40), MofNCompleteColumn(), TextColumn("lines"))
    with Progress(*columns, console=report.console) as progress:
        bar = progress.add_task("import", total=total)
        async for event in shop.upload("/orders/import", FILE.name, content):
            told.append(event)
            outcome = event.get("data")
            if outcome is None:
                continue
            progress.update(bar, completed=outcome["done"])
            if outcome["problem"]:
                report.note(f"line {outcome['line']}: {outcome['problem']}")
            if outcome["done"] == 1:
                listed_meanwhile = await shop.count()
    return told, listed_meanwhile


def _kinds(lines: int) -> list[str]:
    return ["start", *["progress"] * lines, "complete"]
