"""RabbitMQ is killed, restarted and silent; consumers are killed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from cqrs.errors import BrokerUnavailable
from cqrs.message_brokers.amqp.broker import AMQPMessageBroker
from cqrs.message_brokers.amqp.source import AMQPMessageSource
from cqrs.testing.conformance.message_broker import an_envelope, received
from tests.integration.message_brokers.restarts import first_deliveries, numbers_until, send_through_a_kill
from tests.integration.message_brokers.victim import killed_after_receiving
from tests.servers.rabbitmq import control

if TYPE_CHECKING:
    from tests.servers import Server

EXCHANGE = "events"


@pytest.mark.parametrize("queue_type", ["classic", "quorum"])
async def test_confirmed_messages_survive_a_kill_of_the_server_in_their_order(
    rabbitmq_server: Server, queue_type: str
) -> None:
    url = rabbitmq_server.address
    source = AMQPMessageSource(url, "t", exchange_name=EXCHANGE, queue_type=queue_type)
    if queue_type == "quorum":
        # The one node of RabbitMQ 3.10 has a new quorum queue in its books only after minutes, or a stop.
        async with source:
            pass
        await asyncio.to_thread(rabbitmq_server.restart)
    async with source, AMQPMessageBroker(dsn=url, exchange_name=EXCHANGE) as broker:
        consuming = asyncio.create_task(numbers_until(source, 299))
        await send_through_a_kill(rabbitmq_server, broker, "t", before=150, after=150)
        numbers = await consuming
    assert first_deliveries(numbers) == list(range(300))


async def test_messages_unacknowledged_before_a_restart_are_delivered_again(rabbitmq_server: Server) -> None:
    url = rabbitmq_server.address
    source = AMQPMessageSource(url, "t", exchange_name=EXCHANGE)
    async with source, AMQPMessageBroker(dsn=url, exchange_name=EXCHANGE) as broker:
        await broker.send([an_envelope("t", 1)])
        (old,) = await received(source, 1, ack=False)
        await asyncio.to_thread(rabbitmq_server.restart)
        with pytest.raises(BrokerUnavailable):
            await old.ack()
        assert await numbers_until(source, 1) == [1]


async def test_messages_of_a_killed_consumer_go_to_another(rabbitmq_url: str) -> None:
    code = f"source = AMQPMessageSource({rabbitmq_url!r}, 'killed', exchange_name={EXCHANGE!r})"
    async with AMQPMessageSource(rabbitmq_url, "killed", exchange_name=EXCHANGE):
        pass
    async with AMQPMessageBroker(dsn=rabbitmq_url, exchange_name=EXCHANGE) as broker:
        await broker.send([an_envelope("killed", n, key="k") for n in range(5)])
    imports = "from cqrs.message_brokers.amqp.source import AMQPMessageSource"
    await killed_after_receiving(f"{imports}\n{code}", ack=2, of=5)
    async with AMQPMessageSource(rabbitmq_url, "killed", exchange_name=EXCHANGE) as source:
        again = await received(source, 3)
    assert [int(d.envelope.body) for d in again] == [2, 3, 4]
    assert [d.attempt for d in again] == [2, 2, 2]


async def test_a_source_whose_channel_the_server_closed_for_want_of_an_acknowledgement_goes_on(
    rabbitmq_server: Server,
) -> None:
    url = rabbitmq_server.address
    for setting, milliseconds in (("consumer_timeout", 500), ("channel_tick_interval", 100)):
        await asyncio.to_thread(control, url, "eval", f"application:set_env(rabbit, {setting}, {milliseconds}).")
    source = AMQPMessageSource(url, "t", exchange_name=EXCHANGE)
    async with source, AMQPMessageBroker(dsn=url, exchange_name=EXCHANGE) as broker:
        await broker.send([an_envelope("t", n) for n in range(3)])
        await received(source, 3, ack=False)
        assert await numbers_until(source, 2) == [0, 1, 2]


async def test_a_broker_blocked_by_a_server_short_of_memory_raises_in_time_and_recovers(
    rabbitmq_server: Server,
) -> None:
    url = rabbitmq_server.address
    source = AMQPMessageSource(url, "t", exchange_name=EXCHANGE)
    async with source, AMQPMessageBroker(dsn=url, exchange_name=EXCHANGE, timeout=1) as broker:
        await broker.send([an_envelope("t", 0)])
        await asyncio.to_thread(control, url, "set_vm_memory_high_watermark", "absolute", "10MB")
        while not isinstance((await broker.send([an_envelope("t", 1)]))[0], BrokerUnavailable):  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # the alarm takes its time
        await asyncio.to_thread(control, url, "set_vm_memory_high_watermark", "0.6")
        while (await broker.send([an_envelope("t", 2)]))[0] is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        assert (await numbers_until(source, 2))[-1] == 2
