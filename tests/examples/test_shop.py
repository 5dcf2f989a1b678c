"""The shop without HTTP: its handlers on a real database, through the mediators."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import aclosing, closing
from typing import TYPE_CHECKING

import pytest

import cqrs
from examples.shop import wiring
from examples.shop.commands import ImportOrders, Item, PayOrder, PlacedOrder, PlaceOrder
from examples.shop.domain.errors import (
    AlreadyPaid,
    CardDeclined,
    CreditExceeded,
    ShopError,
    SoldOut,
    UnknownOrder,
    UnknownProduct,
)
from examples.shop.domain.money import euros
from examples.shop.payments import card
from examples.shop.payments.card import CardPayment
from examples.shop.payments.invoice import InvoicePayment
from examples.shop.payments.paypal import PayPalPayment
from examples.shop.queries import ListOrders, ShowCatalogue, ShowOrder
from examples.shop.wiring import Shop, open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    shop = open_shop(tmp_path / "shop.sqlite3")
    async with shop.opened():
        yield shop


async def place(shop: Shop, customer: str = "Ada", **quantities: int) -> PlacedOrder:
    items = [Item(sku=sku, quantity=quantity) for sku, quantity in quantities.items()]
    return await shop.mediator.send(PlaceOrder(customer=customer, items=items))


async def stock(shop: Shop) -> dict[str, int]:
    return {article.sku: article.stock for article in (await shop.mediator.send(ShowCatalogue())).articles}


def file_of(shop: Shop) -> str:
    return str(shop.database.engine.url.database)


def rows(shop: Shop, table: str) -> int:
    with closing(sqlite3.connect(file_of(shop))) as connection:
        count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  # ours
        return count


class TestPlacingAnOrder:
    async def test_takes_the_goods_off_the_shelf(self, shop: Shop) -> None:
        before = await stock(shop)
        placed = await place(shop, TEAPOT=1, MUG=2)
        assert placed == PlacedOrder(order_id=1, total_cents=9390)
        assert await stock(shop) == before | {"TEAPOT": before["TEAPOT"] - 1, "MUG": before["MUG"] - 2}

    async def test_puts_it_on_the_list(self, shop: Shop) -> None:
        placed = await place(shop, MUG=2)
        listed = await shop.mediator.send(ShowOrder(order_id=placed.order_id))
        assert (listed.customer, listed.summary, listed.status) == ("Ada", "2 x Stoneware mug", "open")
        assert listed.placed_at.tzinfo is not None

    async def test_of_something_unknown_is_refused(self, shop: Shop) -> None:
        with pytest.raises(UnknownProduct, match="TEEPOT"):
            await place(shop, TEEPOT=1)

    async def test_of_one_sold_out_item_puts_the_others_back(self, shop: Shop) -> None:
        before = await stock(shop)
        with pytest.raises(SoldOut, match="only 5 left"):
            await place(shop, MUG=1, GYOKURO=6)
        assert await stock(shop) == before

    async def test_refused_by_an_event_handler_leaves_no_trace(self, shop: Shop) -> None:
        before = await stock(shop)
        with pytest.raises(CreditExceeded):
            await place(shop, TEAPOT=8)
        assert await stock(shop) == before
        assert [rows(shop, table) for table in ("orders", "order_lines", "order_list")] == [0, 0, 0]
        assert (await place(shop, MUG=1)).order_id == 1

    async def test_counts_what_the_customer_already_owes(self, shop: Shop) -> None:
        await place(shop, "Ada", TEAPOT=5)
        await place(shop, "Bao", TEAPOT=5)
        with pytest.raises(CreditExceeded):
            await place(shop, "Ada", TEAPOT=3)
        await shop.mediator.send(PayOrder(order_id=1, method="paypal"))
        await place(shop, "Ada", TEAPOT=3)

    async def test_at_the_same_time_never_sells_more_than_there_is(self, shop: Shop) -> None:
        outcomes = await asyncio.gather(
            *(place(shop, customer, GYOKURO=2) for customer in "ABCD"), return_exceptions=True
        )
        assert sum(isinstance(outcome, PlacedOrder) for outcome in outcomes) == 2
        assert sum(isinstance(outcome, SoldOut) for outcome in outcomes) == 2
        assert (await stock(shop))["GYOKURO"] == 1


class TestImport:
    async def test_goes_on_after_a_bad_line(self, shop: Shop) -> None:
        text = "customer,sku,quantity\nAda,mug,1\nBao,TEEPOT,1\nChidi,MUG,two\nDil,MUG\n,MUG,1\n\nEmeka,MUG,1,extra\n"
        told = [chunk async for chunk in shop.streams.stream(ImportOrders(csv=text))]
        assert [(chunk.line, chunk.order_id) for chunk in told] == [
            (2, 1), (3, None), (4, None), (5, None), (6, None), (8, 2),
        ]  # fmt: skip
        assert [chunk.problem.partition(":")[0] for chunk in told if chunk.problem] == [
            "We do not sell 'TEEPOT'.", "quantity", "quantity", "customer",
        ]  # fmt: skip
        assert [(chunk.done, chunk.total) for chunk in told] == [(number, 6) for number in range(1, 7)]

    async def test_places_each_order_before_it_reports_it(self, shop: Shop) -> None:
        text = "customer,sku,quantity\nAda,MUG,1\nBao,MUG,1\n"
        counts = [rows(shop, "order_list") async for _ in shop.streams.stream(ImportOrders(csv=text))]
        assert counts == [1, 2]

    async def test_stops_with_its_listener(self, shop: Shop) -> None:
        text = "customer,sku,quantity\n" + "Ada,MUG,1\n" * 10
        async with aclosing(shop.streams.stream(ImportOrders(csv=text))) as progress:
            async for _ in progress:
                break
        assert rows(shop, "order_list") == 1


class TestTheList:
    async def test_gives_the_newest_and_the_figures_of_all(self, shop: Shop) -> None:
        for customer in ("Ada", "Bao", "Ada"):
            await place(shop, customer, MUG=1)
        answer = await shop.mediator.send(ListOrders(limit=1))
        assert [order.order_id for order in answer.orders] == [3]
        assert (answer.count, answer.total_cents) == (3, 3 * 1450)
        assert (await shop.mediator.send(ListOrders(customer="Ada", limit=0))).count == 2

    async def test_can_be_read_during_a_write(self, shop: Shop) -> None:
        await place(shop, MUG=1)
        with closing(sqlite3.connect(file_of(shop), isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            assert (await shop.mediator.send(ListOrders())).count == 1

    async def test_does_not_know_an_order_that_was_never_placed(self, shop: Shop) -> None:
        with pytest.raises(UnknownOrder):
            await shop.mediator.send(ShowOrder(order_id=4711))


class TestPaying:
    @pytest.mark.parametrize(
        ("method", "reference", "status"),
        [("card", "receipt-0001", "paid"), ("paypal", "paypal-1", "paid"), ("invoice", "invoice-1", "promised")],
    )
    async def test_goes_to_the_member_of_the_chain_that_accepts_it(
        self, shop: Shop, method: str, reference: str, status: str
    ) -> None:
        await place(shop, MUG=1)
        payment = await shop.mediator.send(PayOrder.from_dict(order_id=1, method=method))
        assert payment.reference == reference
        listed = await shop.mediator.send(ShowOrder(order_id=1))
        assert (listed.status, listed.method) == (status, method)

    async def test_happens_once_even_at_the_same_time(self, shop: Shop) -> None:
        await place(shop, MUG=1)
        ways = [PayOrder(order_id=1, method="card"), PayOrder(order_id=1, method="paypal"), PayOrder(order_id=1)]
        outcomes = await asyncio.gather(*map(shop.mediator.send, ways), return_exceptions=True)
        assert sum(isinstance(outcome, AlreadyPaid) for outcome in outcomes) == 2
        assert rows(shop, "payments") == 1

    async def test_an_unknown_order_is_refused(self, shop: Shop) -> None:
        with pytest.raises(UnknownOrder):
            await shop.mediator.send(PayOrder(order_id=1, method="paypal"))

    def test_is_a_chain_that_can_be_drawn(self) -> None:
        drawing = cqrs.CoRMermaid([CardPayment, PayPalPayment, InvoicePayment]).sequence()
        assert drawing.index("CardPayment") < drawing.index("PayPalPayment") < drawing.index("InvoicePayment")


class TestTheCardTerminal:
    async def pay_by_card(self, shop: Shop, order_id: int) -> bool:
        return (await shop.mediator.send(PayOrder(order_id=order_id, method="card"))).captured

    async def test_has_a_stand_in_when_it_is_down(self, shop: Shop) -> None:
        await place(shop, MUG=1)
        shop.terminal.up = False
        assert not await self.pay_by_card(shop, 1)
        assert (await shop.mediator.send(ShowOrder(order_id=1))).status == "promised"

    async def test_that_hangs_is_given_up(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        async def hang(order_id: int, cents: int) -> str:
            del order_id, cents
            await asyncio.Event().wait()
            raise AssertionError

        await place(shop, MUG=1)
        monkeypatch.setattr(card, "PATIENCE", 0.01)
        monkeypatch.setattr(shop.terminal, "charge", hang)
        assert not await self.pay_by_card(shop, 1)

    async def test_is_left_alone_after_two_failures(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wiring, "CARD_PAUSE", 600.0)
        shop = open_shop(tmp_path / "patient.sqlite3")
        async with shop.opened():
            await self.fail_three_times(shop)
        assert shop.terminal.calls == 2

    async def fail_three_times(self, shop: Shop) -> None:
        shop.terminal.up = False
        for order_id in (1, 2, 3):
            await place(shop, MUG=1)
            assert not await self.pay_by_card(shop, order_id)

    async def test_that_declines_cards_is_not_taken_for_broken(self, shop: Shop) -> None:
        for customer in "ABC":
            order = await place(shop, customer, TEAPOT=5)
            with pytest.raises(CardDeclined, match="324"):
                await self.pay_by_card(shop, order.order_id)
            assert (await shop.mediator.send(ShowOrder(order_id=order.order_id))).status == "open"
        order = await place(shop, MUG=1)
        assert await self.pay_by_card(shop, order.order_id)
        assert shop.terminal.calls == 4

    async def test_charges_an_order_once_however_often_it_is_asked(self, shop: Shop) -> None:
        assert await shop.terminal.charge(1, 100) == await shop.terminal.charge(1, 100)
        assert await shop.terminal.charge(2, 100) == "receipt-0002"


def test_every_error_of_the_shop_is_a_shop_error() -> None:
    assert all(issubclass(kind, ShopError) for kind in (UnknownOrder, UnknownProduct, SoldOut, AlreadyPaid))


@pytest.mark.parametrize(("cents", "text"), [(0, "0.00 €"), (5, "0.05 €"), (1250, "12.50 €"), (453720, "4,537.20 €")])
def test_money_is_written_with_cents(cents: int, text: str) -> None:
    assert euros(cents) == text
