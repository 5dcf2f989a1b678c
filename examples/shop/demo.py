"""``make demo``: opens the shop, walks through it over HTTP, and checks everything it tells.

With ``ONESHOT=1`` it ends there; else the shop stays open until Ctrl-C. The exit code is 0 if everything held.
``CQRS_SHOP_DB`` names a new file for the books; without it they are kept in a temporary folder.
"""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
from rich.console import Console

from examples.shop.http.app import create_app
from examples.shop.tour import covers
from examples.shop.tour.client import ShopClient
from examples.shop.tour.file_import import import_a_file
from examples.shop.tour.log import shown_log
from examples.shop.tour.orders import list_the_orders, place_an_order
from examples.shop.tour.payments import pay_in_three_ways, pull_the_plug
from examples.shop.tour.refusals import hear_no
from examples.shop.tour.report import FactFailed, Report
from examples.shop.tour.server import serving

CHAPTERS = (place_an_order, import_a_file, list_the_orders, pay_in_three_ways, pull_the_plug, hear_no)
TIME_LIMIT = 100.0
WIDEST = 100


@contextmanager
def books() -> Generator[Path, None, None]:
    """The file for the database."""
    given = os.environ.get("CQRS_SHOP_DB")
    if given:
        yield Path(given)
        return
    with tempfile.TemporaryDirectory(prefix="tea-shop-") as folder:
        yield Path(folder, "shop.sqlite3")


async def tour(url: str, report: Report) -> None:
    """All chapters. Raises ``FactFailed`` where a fact does not hold, ``TimeoutError`` if it takes too long."""
    # trust_env=False: a proxy has no business between this process and itself.
    async with (
        asyncio.timeout(TIME_LIMIT),
        httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as http,
    ):
        shop = ShopClient(http, report)
        report.fact("the books are new: the tour counts from the first order", await shop.count(), expected=0)
        for chapter in CHAPTERS:
            await chapter(shop, report)


async def run(report: Report, *, stay_open: bool) -> None:
    """Open the shop, walk through it, and keep it open if asked to."""
    # Whoever asks to stop gets the same clean end as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    with books() as path:
        async with serving(create_app(path)) as server:
            covers.front(report, server.url, path)
            await tour(server.url, report)
            covers.back(report)
            if stay_open:
                covers.still_open(report, server.url)
                await server.ended


def main() -> int:
    """Run the demo. The exit code."""
    console = Console(highlight=False)
    console.width = min(console.width, WIDEST)
    report = Report(console)
    with shown_log(report):
        try:
            asyncio.run(run(report, stay_open=os.environ.get("ONESHOT", "") in {"", "0"}))
        except FactFailed:
            covers.not_held(report, "this does not hold")
        except TimeoutError:
            covers.not_held(report, f"it took longer than {TIME_LIMIT:.0f} seconds")
        except KeyboardInterrupt:
            covers.stopped(report)
        except Exception as error:  # noqa: BLE001  # whatever it is, a person wants to read it in one line
            covers.not_held(report, f"{type(error).__name__}: {error}")
    return 0 if report.held else 1


if __name__ == "__main__":
    sys.exit(main())
