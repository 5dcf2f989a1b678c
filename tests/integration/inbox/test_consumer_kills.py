"""O10: a message comes to two processes, and again after each death: its effects and its messages are there once."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from cqrs.message_brokers.redis import RedisMessageBroker
from tests.integration.inbox.processes import killed, process
from tests.integration.inbox.service import Shipping, ordered

if TYPE_CHECKING:
    from tests.integration.inbox.backends import Database

POINTS = ["inbox.inserted", "inbox.handled", "inbox.committed"]


@pytest.fixture(
    params=[
        pytest.param(name, marks=pytest.mark.server) for name in ("sqlite", "postgres", "strict_postgres", "mariadb")
    ]
)
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture
def topic() -> str:
    return f"orders-{uuid.uuid4().hex}"


def source(url: str, topic: str, group: str) -> str:
    """One that is given at once, in its order, what it was given before it died."""
    return f"""
from cqrs.message_brokers.redis_source import RedisMessageSource
source = RedisMessageSource({url!r}, {topic!r}, group={group!r}, member="one", claim_after=600)
"""


async def send(url: str, topic: str, *numbers: int) -> None:
    async with RedisMessageBroker(url) as broker:
        assert not any(await broker.send([ordered(n, key=str(n % 2), topic=topic).to_envelope() for n in numbers]))


async def nothing_left(url: str, topic: str, group: str) -> None:
    """Returns when the group has acknowledged everything."""
    async with Redis.from_url(url) as client, asyncio.timeout(30):
        while True:
            found = {one["name"].decode(): one for one in await client.xinfo_groups(topic)}[group]
            if found["pending"] == found["lag"] == 0:
                return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("point", POINTS)
async def test_a_kill_loses_nothing_and_repeats_nothing(
    database: Database, redis_url: str, topic: str, point: str
) -> None:
    code = source(redis_url, topic, "g")
    shipping = Shipping(database)
    await send(redis_url, topic, *range(5))
    async with process(database, code, failpoint=f"{point}:1:kill") as doomed:
        await killed(doomed)
    sent = 5
    async with process(database, code, failpoint=f"{point}:2:kill") as doomed:
        while doomed.returncode is None:  # until it has had a second batch
            await send(redis_url, topic, sent)
            sent += 1
            await asyncio.sleep(0.05)
        await killed(doomed)
    async with process(database, code):
        await shipping.until(sent)
        await send(redis_url, topic, sent)
        found = await shipping.until(sent + 1)
    for key in (0, 1):
        mine = [int(one) for one in found if int(one) % 2 == key]
        assert mine == list(range(key, sent + 1, 2))
    assert sorted(await shipping.shipped()) == list(range(sent + 1))


@pytest.mark.parametrize("point", POINTS)
async def test_the_same_messages_in_two_processes_at_once_one_of_which_is_killed(
    database: Database, redis_url: str, topic: str, point: str
) -> None:
    """They are in two groups of the broker, so each gets everything; they are one consumer, so it counts once."""
    shipping = Shipping(database)
    await send(redis_url, topic, *range(100))
    async with (
        process(database, source(redis_url, topic, "a"), failpoint=f"{point}:1:kill") as doomed,
        process(database, source(redis_url, topic, "b")),
    ):
        await killed(doomed)
        await shipping.until(100)
        async with process(database, source(redis_url, topic, "a")):
            await send(redis_url, topic, *range(100, 200))
            await shipping.until(200)
            await nothing_left(redis_url, topic, "a")
    assert sorted(map(int, await database.effects())) == list(range(200))
    assert sorted(await shipping.shipped()) == list(range(200))
