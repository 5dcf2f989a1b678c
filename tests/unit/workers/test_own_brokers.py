"""A broker of the user's own that has nothing but ``send_message``, and what is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

import cqrs
from cqrs.compressors.zlib import ZlibCompressor
from cqrs.errors import InvalidArgument, WiringError
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.cloudevents.wrappers import CloudEventsBroker
from cqrs.message_brokers.compressed import CompressedBroker
from cqrs.outbox import MemoryOutboxedEventRepository
from cqrs.producer import EventProducer
from cqrs.requests import bootstrap
from cqrs.testing.conformance.message_broker import an_envelope
from cqrs.testing.conformance.outbox import Numbered, numbered
from cqrs.testing.conformance.relay import QUICK
from cqrs.workers.relay.outbox_relay import OutboxRelay
from tests.helpers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqrs.message_brokers.protocol import Message, MessageBroker


class Own:
    """Refuses the message with the number in ``poison``, and remembers whether it was closed."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.poison: int | None = None
        self.closed = False

    async def send_message(self, message: Message) -> None:
        if self.poison is not None and message.to_envelope().json()["payload"] == self.poison:
            raise ValueError(self.poison)
        self.sent.append(message.message_name)

    def close(self) -> None:
        self.closed = True


def as_typed(own: object) -> MessageBroker:
    """What a type checker would refuse."""
    return cast("MessageBroker", own)


async def an_outbox(*numbers: int) -> MemoryOutboxedEventRepository:
    registry = EventRegistry()
    registry.register(Numbered, "numbered")
    outbox = MemoryOutboxedEventRepository(registry=registry)
    async with outbox as session:
        for number in numbers:
            outbox.add(session, numbered(number))
        await outbox.commit(session)
    return outbox


async def test_a_relay_sends_through_it_one_by_one_and_a_bad_message_is_its_own_fault() -> None:
    own = Own()
    own.poison = 2
    relay = OutboxRelay(await an_outbox(1, 2, 3), as_typed(own), QUICK)
    async with relay:
        await until(lambda: len(own.sent) == 2)
    assert relay.sent == 2


async def test_a_custom_send_is_not_checked_because_its_signature_may_differ() -> None:
    class Sending(Own):
        async def send(self, topic: str, body: bytes) -> None:
            raise AssertionError(topic, body)

    own = Sending()
    async with OutboxRelay(await an_outbox(1, 2), as_typed(own), QUICK):
        await until(lambda: len(own.sent) == 2)


async def test_a_plain_loop_sends_through_it() -> None:
    own = Own()
    producer = EventProducer(as_typed(own), await an_outbox(1, 2))
    batches = producer.event_batch_generator()
    for event in await anext(batches):
        assert await producer.send_message(event)
    await batches.aclose()
    assert own.sent == ["numbered"] * 2


async def test_a_mediator_sends_through_it() -> None:
    class Ping(cqrs.Request[None]):
        """A command."""

    class PingHandler(cqrs.RequestHandler[Ping, None]):
        async def handle(self, request: Ping) -> None:
            self.record(cqrs.NotificationEvent(event_name="pinged", topic="t", payload={}))

    own = Own()
    mediator = bootstrap.bootstrap(
        message_broker=as_typed(own), commands_mapper=lambda mapper: mapper.bind(Ping, PingHandler)
    )
    await mediator.send(Ping())
    assert own.sent == ["pinged"]


@pytest.mark.parametrize(
    "wrapped", [lambda own: CompressedBroker(own, ZlibCompressor()), lambda own: CloudEventsBroker(own, "/shop")]
)
async def test_wrapping_brokers_send_through_an_own_broker_and_close_it(
    wrapped: Callable[[Any], MessageBroker],
) -> None:
    own = Own()
    async with wrapped(own) as broker:
        assert await broker.send([an_envelope("t", 1)]) == [None]
    assert own.sent == ["numbered"]
    assert own.closed


@pytest.mark.parametrize("given", ["amqp://guest:s3cret@localhost/", Own, object(), None])
async def test_an_object_without_send_message_is_refused_at_construction(given: object) -> None:
    outbox = await an_outbox()
    ways: list[Callable[[], object]] = [
        lambda: OutboxRelay(outbox, as_typed(given)),
        lambda: EventProducer(as_typed(given), outbox),
        lambda: CloudEventsBroker(as_typed(given), "/shop"),
    ]
    for way in ways:
        with pytest.raises(InvalidArgument, match="send_message") as caught:
            way()
        assert "s3cret" not in f"{caught.value!r} {caught.value}"


@pytest.mark.parametrize("given", ["amqp://guest:s3cret@localhost/", Own, object()])
def test_a_mediator_refuses_what_sends_no_message(given: object) -> None:
    with pytest.raises(WiringError, match="message_broker") as caught:
        bootstrap.bootstrap(message_broker=as_typed(given))
    assert "s3cret" not in str(caught.value)
