"""`Redelivery` and `event_decoder` on real Kafka, with whatever release of FastStream is installed."""

from __future__ import annotations

import asyncio
import types
from typing import TYPE_CHECKING, Any

import pydantic
import pytest
from faststream import FastStream
from faststream.exceptions import AckMessage
from faststream.kafka import KafkaBroker, KafkaMessage

import cqrs
from cqrs.deserializers import DeserializeJsonError  # noqa: TC001  # FastStream reads the annotations
from cqrs.events.bootstrap import bootstrap
from cqrs.integrations.faststream import MANUAL_ACK, Redelivery, event_decoder
from tests.integration.faststream.service import running

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.integration.faststream.topic import Topic


class Paid(pydantic.BaseModel):
    order: int


PaidEvent = cqrs.NotificationEvent[Paid]


def service(topic: Topic, work: Callable[[Any, KafkaMessage], Awaitable[None]], **options: Any) -> Any:
    """A service whose subscriber does `work` with each message."""
    broker = KafkaBroker(topic.bootstrap, logger=None, middlewares=[Redelivery(pause=0)], **options)

    @broker.subscriber(  # type: ignore[untyped-decorator]
        topic.name, group_id=topic.group, auto_offset_reset="earliest", decoder=event_decoder(PaidEvent), **MANUAL_ACK
    )
    async def on_message(body: PaidEvent | DeserializeJsonError | None, msg: KafkaMessage) -> None:
        await work(body, msg)

    return types.SimpleNamespace(broker=broker, app=FastStream(broker))


def paid(order: int) -> dict[str, Any]:
    return {"event_name": "paid", "payload": {"order": order}}


async def test_failure_of_an_event_handler_brings_the_event_again(topic: Topic) -> None:
    handled: list[int] = []

    async def on_paid(event: PaidEvent) -> None:
        handled.append(event.payload.order)
        if len(handled) == 1:
            raise OSError("the database is away")

    mediator = bootstrap(events_mapper=lambda m: m.bind(PaidEvent, on_paid))

    async def work(body: Any, msg: KafkaMessage) -> None:
        await mediator.send(body)
        await msg.ack()

    async with running(service(topic, work)):
        for order in (1, 2):
            await topic.send(paid(order))
        await topic.until_acknowledged(2)
    assert handled == [1, 1, 2]


async def test_subscriber_learns_of_messages_that_are_empty_or_cannot_be_read(topic: Topic) -> None:
    bodies: list[Any] = []

    async def work(body: Any, msg: KafkaMessage) -> None:
        bodies.append(body)
        await msg.ack()

    async with running(service(topic, work)):
        for message in (b"\xff{", None, {"event_name": "paid", "payload": {"order": "no number"}}, paid(4)):
            await topic.send(message)
        await topic.until_acknowledged(4)
    torn, empty, wrong, event = bodies
    assert (torn.message_data, empty, event.payload) == (b"\xff{", None, Paid(order=4))
    assert "payload.order" in wrong.error_message


async def test_message_is_not_acknowledged_when_the_service_ends_while_it_is_handled(topic: Topic) -> None:
    started = asyncio.Event()

    async def hang(body: Any, msg: KafkaMessage) -> None:
        started.set()
        await asyncio.Event().wait()

    async with running(service(topic, hang, graceful_timeout=0.01)):
        await topic.send(paid(1))
        await started.wait()
    assert await topic.acknowledged() == 0

    async def work(body: Any, msg: KafkaMessage) -> None:
        await msg.ack()

    async with running(service(topic, work)):
        await topic.until_acknowledged(1)


@pytest.mark.parametrize("how", ["ack, then fail", "raise AckMessage"])
async def test_message_that_the_subscriber_has_settled_does_not_come_again(topic: Topic, how: str) -> None:
    seen: list[int] = []

    async def work(body: Any, msg: KafkaMessage) -> None:
        seen.append(body.payload.order)
        if how == "raise AckMessage" and len(seen) == 1:
            raise AckMessage
        await msg.ack()
        if len(seen) == 1:
            raise OSError("too late")

    async with running(service(topic, work)):
        for order in (1, 2):
            await topic.send(paid(order))
        await topic.until_acknowledged(2)
    assert seen == [1, 2]
