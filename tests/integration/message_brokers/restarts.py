"""What every broker must survive: its server is killed in the middle of sending, and comes back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cqrs.errors import BrokerUnavailable
from cqrs.testing.conformance.message_broker import an_envelope

if TYPE_CHECKING:
    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.message_brokers.source import MessageSource
    from tests.servers import Server


async def send_through_a_kill(server: Server, broker: MessageBroker, topic: str, *, before: int, after: int) -> None:
    """Send numbered messages of one key, each until it is confirmed.

    The server is killed when ``before`` are, and started when the broker has reported the outage.
    """
    number, outages, running = 0, 0, True
    envelope = an_envelope(topic, 0, key="k")
    killing: asyncio.Task[None] | None = None
    while number < before + after:
        if number == before and killing is None:
            killing = asyncio.create_task(asyncio.to_thread(server.kill))
        (error,) = await broker.send([envelope])
        if error is None:
            number += 1
            envelope = an_envelope(topic, number, key="k")
            continue
        assert isinstance(error, BrokerUnavailable), error
        outages += 1
        if running and killing is not None:
            await killing
            running = False
            (still,) = await broker.send([envelope])
            assert isinstance(still, BrokerUnavailable), still
            await asyncio.to_thread(server.start)
        await asyncio.sleep(0.05)  # as a caller that sends again would
    assert outages, "the server was not killed in the middle of sending"


async def numbers_until(source: MessageSource, last: int) -> list[int]:
    """The numbers of the messages that arrive, through every outage, up to ``last``; each is acknowledged."""
    return await numbers_with(source, {last})


async def numbers_with(source: MessageSource, wanted: set[int]) -> list[int]:
    """The same, until all that are ``wanted`` have arrived."""
    numbers: list[int] = []
    try:
        async with asyncio.timeout(60):
            while not wanted.issubset(numbers):
                try:
                    for delivery in await source.receive(timeout=1):
                        numbers.append(int(delivery.envelope.body))
                        await delivery.ack()
                except BrokerUnavailable:
                    await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{wanted - set(numbers)} have not arrived, only {numbers}") from None
    return numbers


def first_deliveries(numbers: list[int]) -> list[int]:
    """``numbers`` without what had come before."""
    return list(dict.fromkeys(numbers))
