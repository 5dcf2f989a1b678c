from __future__ import annotations

from typing import Any

import pytest

import cqrs
from cqrs.requests.bootstrap import bootstrap
from cqrs.requests.cor_request_handler import build_chain


class Paid(cqrs.Response):
    by: str


class Pay(cqrs.Request[Paid]):
    method: str


class Tried(cqrs.DomainEvent):
    by: str


class Card(cqrs.CORRequestHandler[Pay, Paid]):
    async def handle(self, request: Pay) -> Paid | None:
        self.record(Tried(by="card"))
        return Paid(by="card") if request.method == "card" else await self.next(request)


class PayPal(cqrs.CORRequestHandler[Pay, Paid]):
    async def handle(self, request: Pay) -> Paid | None:
        self.record(Tried(by="paypal"))
        return Paid(by="paypal") if request.method == "paypal" else await self.next(request)


async def by_invoice(request: Pay, next: Any, events: cqrs.EventRecorder) -> Paid | None:  # noqa: A002
    events.record(Tried(by="invoice"))
    return Paid(by="invoice") if request.method == "invoice" else await next(request)


def mediator(chain: list[Any], tried: list[str]) -> cqrs.RequestMediator:
    async def on_tried(event: Tried) -> None:
        tried.append(event.by)

    return bootstrap(
        commands_mapper=lambda m: m.bind(Pay, chain), domain_events_mapper=lambda m: m.bind(Tried, on_tried)
    )


@pytest.mark.parametrize(
    ("method", "answer", "members"),
    [
        ("card", Paid(by="card"), ["card"]),
        ("paypal", Paid(by="paypal"), ["card", "paypal"]),
        ("invoice", Paid(by="invoice"), ["card", "paypal", "invoice"]),
        ("cash", None, ["card", "paypal", "invoice"]),
    ],
)
async def test_the_first_that_answers_ends_the_chain(method: str, answer: Paid | None, members: list[str]) -> None:
    tried: list[str] = []
    wired = mediator([Card, PayPal, by_invoice], tried)
    assert await wired.send(Pay(method=method)) == answer
    assert tried == members


async def test_requests_at_once_do_not_share_a_chain() -> None:
    wired = mediator([Card, PayPal], [])
    assert await wired.send(Pay(method="paypal")) == Paid(by="paypal")
    assert await wired.send(Pay(method="card")) == Paid(by="card")
    lonely = mediator([PayPal], [])
    assert await lonely.send(Pay(method="card")) is None


async def test_a_member_bound_alone_is_a_chain_of_one() -> None:
    tried: list[str] = []
    assert await mediator(Card, tried).send(Pay(method="cash")) is None  # type: ignore[arg-type]
    assert tried == ["card"]


async def test_members_can_be_linked_by_hand() -> None:
    first = Card()
    assert first.set_next(PayPal()).set_next(Card()) is not first
    assert await first.handle(Pay(method="paypal")) == Paid(by="paypal")
    assert await build_chain([Card(), PayPal()]).handle(Pay(method="cash")) is None


def test_an_empty_chain_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one handler"):
        build_chain([])
