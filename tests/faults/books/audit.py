"""What must hold of the books, whatever has happened to the processes that wrote them."""

from __future__ import annotations

import json
import uuid
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from cqrs.message_brokers.redis.source import RedisMessageSource
from tests.faults.books.messages import TOPIC
from tests.faults.books.tables import CUSTOMERS, POINTS_BANK, POINTS_OF, SHOP, Account, Heard, Order, Posting

if TYPE_CHECKING:
    from collections.abc import Iterable

    import cqrs
    from tests.faults.books.killing import Books

Entries = Counter[tuple[str, int, int]]


async def audit(books: Books) -> dict[str, int]:
    """Raise ``AssertionError`` for books that do not balance; the figures of those that do."""
    orders = await _rows(books.shop, Order.key, Order.customer, Order.cents)
    keys = [key for key, _, _ in orders]
    _once("orders", keys)
    done = {key for key, said in books.said.items() if said == "done"}
    refused = set(books.said) - done
    assert not done - set(keys), "an order that was said to be done is not there"
    assert not refused & set(keys), "an order that was refused is there"
    await _balanced(books.shop, {key: _bought(customer, cents) for key, customer, cents in orders})
    _same("messages of the shop", await _messages(books.shop), keys)

    arrived = await _arrived(books.redis)
    assert not set(arrived) - set(keys), "a message tells of an order that is not there"
    assert not set(keys) - set(arrived), "an order has sent no message"
    heard = await _rows(books.ledger, Heard.key, Heard.cents)
    assert sorted(heard) == sorted((key, cents) for key, _, cents in orders), "heard of something else, or not once"
    await _balanced(books.ledger, {key: _sold(cents) for key, cents in heard})
    _same("messages of the ledger", await _messages(books.ledger), keys)
    assert await books.shop.outbox.parked.list() == []
    assert await books.ledger.inbox.parked.list("ledger") == []
    return {
        "done": len(done),
        "refused": len(refused),
        "done and not told": len(set(keys) - done),
        "sent again": len(arrived) - len(set(arrived)),
    }


def _bought(customer: int, cents: int) -> Entries:
    points = cents // 10
    return Counter(
        [
            ("payment", customer, -cents),
            ("payment", SHOP, cents),
            ("points", POINTS_BANK, -points),
            ("points", POINTS_OF + customer, points),
        ]
    )


def _sold(cents: int) -> Entries:
    return Counter([("sale", CUSTOMERS[0], -cents), ("sale", SHOP, cents)])


async def _balanced(database: cqrs.Database, expected: dict[str, Entries]) -> None:
    found: dict[str, Entries] = defaultdict(Counter)
    sums: Counter[int] = Counter()
    for key, reason, account, amount in await _rows(
        database, Posting.key, Posting.reason, Posting.account, Posting.amount
    ):
        found[key][reason, account, amount] += 1
        sums[account] += amount
    assert found == expected, f"postings: {_different(found, expected)}"
    assert sum(sums.values()) == 0
    balances = dict(await _rows(database, Account.number, Account.balance))
    assert balances == {number: sums[number] for number in balances}, "a balance is not the sum of its postings"


async def _messages(database: cqrs.Database) -> list[str]:
    """The key of the order that each message in the outbox is about, sent or not."""
    payloads = [json.loads(body)["payload"] for (body,) in await _rows(database, database.outbox.model.body)]
    return [payload if isinstance(payload, str) else payload["key"] for payload in payloads]


async def _arrived(redis: str) -> list[str]:
    """The same of each message that the broker has, seen by a group without other members."""
    keys: list[str] = []
    async with RedisMessageSource(redis, TOPIC, group=f"audit {uuid.uuid4()}") as source:
        while deliveries := await source.receive(1000, timeout=0.2):
            keys += [delivery.envelope.json()["payload"]["key"] for delivery in deliveries]
            await source.ack(deliveries)
    return keys


async def _rows(database: cqrs.Database, *columns: Any) -> list[Any]:
    async with database.transaction(read_only=True) as session:
        return [tuple(row) for row in await session.execute(select(*columns))]


def _once(what: str, keys: Iterable[str]) -> None:
    twice = [key for key, count in Counter(keys).items() if count > 1]
    assert not twice, f"{what} that are there more than once: {twice}"


def _same(what: str, keys: list[str], expected: list[str]) -> None:
    assert Counter(keys) == Counter(expected), f"{what}: {_different(Counter(keys), Counter(expected))}"


def _different(found: Any, expected: Any) -> dict[str, tuple[Any, Any]]:
    """At most five of the places where they differ."""
    keys = [key for key in {**found, **expected} if found.get(key) != expected.get(key)]
    return {key: (found.get(key), expected.get(key)) for key in sorted(keys)[:5]}
