"""The demo as `make demo ONESHOT=1` runs it, and its output when a part of the shop is broken."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import httpx
import pytest

from examples.shop.commands import Item, PlaceOrder
from examples.shop.wiring import open_shop
from tests.docs.pages import Block, blocks

ROOT = Path(__file__).parents[2]
TOUR = ROOT / "docs" / "tutorial" / "tour-of-the-shop.md"
SHOP = ROOT / "examples" / "shop"
MODULE = ("-m", "examples.shop.demo")


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "CQRS_SHOP_DB"}
        | {"ONESHOT": "1", "PYTHONIOENCODING": "utf-8"}
        | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=110,
        check=False,
    )


@pytest.mark.slow
def test_everything_the_demo_prints_holds_and_the_books_agree(tmp_path: Path) -> None:
    books = tmp_path / "books.sqlite3"
    demo = run(*MODULE, CQRS_SHOP_DB=str(books))
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "facts checked, and all of them hold" in demo.stdout
    assert "✗" not in demo.stdout
    assert demo.stderr == ""
    with closing(sqlite3.connect(books)) as connection:
        orders = connection.execute("SELECT id, customer, total_cents, paid FROM orders").fetchall()
        listed = connection.execute(
            "SELECT order_id, customer, total_cents, status != 'open' FROM order_list"
        ).fetchall()
        lines = connection.execute("SELECT sum(quantity * price_cents) FROM order_lines").fetchone()
    assert orders == listed
    assert lines == (sum(total for _, _, total, _ in orders),)


@pytest.mark.slow
def test_demo_can_be_read_where_only_ascii_can_be_written() -> None:
    demo = run(*MODULE, PYTHONIOENCODING="ascii:replace")
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "ok the order is in the books" in demo.stdout


SABOTAGE = {
    "the list is not kept up to date": (
        """
        async def nothing(event: wiring.OrderPlaced) -> None: ...
        wiring.list_placed_order = nothing
        """,
        "the order is on the list",
    ),
    "a transaction that fails is not rolled back": (
        """
        from cqrs.unit_of_work.sqlalchemy.unit import SqlAlchemyUnitOfWork
        SqlAlchemyUnitOfWork._rollback = SqlAlchemyUnitOfWork._commit
        """,
        "the other 194 became orders",
    ),
    "the card terminal has no stand-in": (
        """
        async def none(request: wiring.ChargeCard):
            raise wiring.TerminalDown
        wiring.charge_later = none
        """,
        "the stand-in took a slip",
    ),
    "the circuit never opens": (
        """
        def patient(fail_max, **settings):
            return AioBreakerAdapter(fail_max=1000, **settings)
        wiring.AioBreakerAdapter = patient
        """,
        "the terminal was called twice",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("broken", SABOTAGE)
def test_demo_ends_with_exit_code_1_and_prints_its_expectation_when(broken: str) -> None:
    code, statement = SABOTAGE[broken]
    program = [
        "from cqrs.circuit_breaker.breaker import AioBreakerAdapter",
        "from examples.shop import demo, wiring",
        dedent(code),
        "raise SystemExit(demo.main())",
    ]
    demo = run("-c", "\n".join(program))
    assert demo.returncode == 1, demo.stdout + demo.stderr
    failed = demo.stdout.partition("✗")[2]
    assert statement in failed, demo.stdout + demo.stderr
    assert "expected:" in failed
    assert "found:" in failed


@pytest.mark.slow
def test_demo_ends_with_exit_code_1_where_the_books_cannot_be_opened(tmp_path: Path) -> None:
    demo = run(*MODULE, CQRS_SHOP_DB=str(tmp_path / "nowhere" / "books.sqlite3"))
    assert demo.returncode == 1
    assert "unable to open database file" in demo.stdout


async def sell_a_mug(books: Path) -> None:
    shop = open_shop(books)
    async with shop.opened():
        await shop.mediator.send(PlaceOrder(customer="Ada", items=[Item(sku="MUG", quantity=1)]))


@pytest.mark.slow
def test_demo_does_not_count_on_books_that_have_orders_already(tmp_path: Path) -> None:
    books = tmp_path / "books.sqlite3"
    asyncio.run(sell_a_mug(books))
    demo = run(*MODULE, CQRS_SHOP_DB=str(books))
    assert demo.returncode == 1
    assert "the books are new" in demo.stdout.partition("✗")[2]


@pytest.mark.slow
def test_demo_stays_open_until_it_is_stopped_and_leaves_nothing_behind(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in {"CQRS_SHOP_DB", "ONESHOT"}}
    with subprocess.Popen(
        [sys.executable, *MODULE],
        cwd=ROOT,
        env=environment | {"PYTHONIOENCODING": "utf-8", "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as demo:
        assert demo.stdout is not None
        told = next(line for line in demo.stdout if "The shop is open" in line)
        url = told.partition("http")[1] + told.partition("http")[2].split()[0]
        answer = httpx.get(url, trust_env=False)
        demo.send_signal(signal.SIGTERM)
        rest = demo.stdout.read()
    assert answer.status_code == 200
    assert "The shop is closed" in rest
    assert demo.returncode == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("block", [block for block in blocks(TOUR.read_text("utf-8")) if block.skip])
def test_code_quoted_in_the_tutorial_is_in_the_shop(block: Block) -> None:
    assert any(unindented(block.code) in unindented(file.read_text("utf-8")) for file in SHOP.rglob("*.py"))


def unindented(code: str) -> str:
    return "\n".join(line.strip() for line in code.splitlines())
