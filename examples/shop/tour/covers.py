"""What stands before the first chapter and behind the last one."""

import time
from pathlib import Path

from rich.table import Table

from examples.shop.tour.report import Report

OPEN_NEXT = (
    ("commands.py", "what can be asked, and the answers"),
    ("handlers/place_order.py", "a command handler, and the event it records"),
    ("read_model/projection.py", "turns events into rows of the list"),
    ("handlers/import_orders.py", "a streaming handler"),
    ("payments/card.py", "a member of the chain, and a stand-in"),
    ("store/orders.py", "a repository: it is given a session, and commits nothing"),
    ("wiring.py", "who answers what, and who reacts to what"),
    ("http/orders.py", "the routes; no handler knows that they exist"),
)


def front(report: Report, url: str, books: Path) -> None:
    """Before the first chapter."""
    report.rule("[bold]The tea shop")
    report.say(f"A shop on cqrskit, FastAPI and SQLite.\nIt listens on {url}\nand keeps its books in {books}")


def back(report: Report) -> None:
    """Behind the last chapter, if everything held."""
    report.held = True
    report.rule(f"[bold green]{report.facts} facts checked, and all of them hold")
    took = time.monotonic() - report.started
    report.console.print(f"   It took {took:.1f} s. [bold]Open next[/], in examples/shop/:")
    table = Table(box=None, show_header=False, padding=(0, 2), pad_edge=False)
    for file, told in OPEN_NEXT:
        table.add_row(f"[cyan]{file}[/]", told)
    report.show(table)


def still_open(report: Report, url: str) -> None:
    """The shop goes on."""
    report.console.print(f"   The shop is open: [bold cyan]{url}/docs[/]  (Ctrl-C closes it)")


def stopped(report: Report) -> None:
    """Somebody has had enough."""
    report.console.print("\n   The shop is closed.")


def not_held(report: Report, why: str) -> None:
    """Where the tour ended early."""
    report.console.print(f"\n   [bold red]The tour ends here:[/] {why}", soft_wrap=True)
