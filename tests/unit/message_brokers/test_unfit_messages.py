"""What no broker could carry is refused before anything is sent or committed; what is stored already leaves."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING, Any

import pytest

import cqrs
from cqrs.context import carrying, consuming, context_headers
from cqrs.envelope import Envelope
from cqrs.errors import UnfitMessage
from cqrs.events.event_emitter import EventEmitter
from cqrs.message_brokers import DevnullMessageBroker, MemoryMessageBroker
from cqrs.message_brokers.protocol import Message, MessageBroker
from cqrs.unit_of_work.memory import MemoryUnitOfWork

if TYPE_CHECKING:
    from collections.abc import Mapping


class Labelled(cqrs.NotificationEvent[Any]):
    event_name: str = "labelled"
    labels: Any = None

    @property
    def message_headers(self) -> Mapping[str, str] | None:
        return self.labels


class OneByOne(MessageBroker):
    """A broker written by a user."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    async def send_message(self, message: Message) -> None:
        message.to_envelope()
        self.sent.append(message)


UNFIT = [
    (Labelled(payload=1, labels={"x": 7}), "headers['x']"),
    (Labelled(payload=1, labels=[1]), "headers"),
    (Labelled(payload={"price": float("-inf")}), "payload.price"),
    (Labelled(payload=1, topic="t" * 256), "topic"),
    (cqrs.DCNotificationEvent("labelled", payload=[None, float("nan")]), "payload[1]"),
]


@pytest.mark.parametrize(("event", "part"), UNFIT, ids=[part for _, part in UNFIT])
async def test_an_unfit_event_undoes_the_unit_of_work_and_nothing_is_sent(event: Any, part: str) -> None:
    broker = MemoryMessageBroker()
    emitter = EventEmitter(message_broker=broker)
    committed = False
    with pytest.raises(UnfitMessage) as caught:
        async with MemoryUnitOfWork():
            await emitter.publish(Labelled(payload=1), event)
            committed = True
    with pytest.raises(UnfitMessage):
        await emitter.publish(Labelled(payload=1), event)
    assert (caught.value.message, caught.value.argument) == ("labelled", part)
    assert not committed
    assert broker.sent == ()


async def test_an_event_that_is_sent_at_once_keeps_its_plain_payload() -> None:
    broker = MemoryMessageBroker()
    await EventEmitter(message_broker=broker).publish(Labelled(payload={"a": 1}, labels={"x": "y"}))
    (message,) = broker.sent
    assert message.payload["payload"] == {"a": 1}
    assert message.to_envelope().json()["payload"] == {"a": 1}
    changed = dataclasses.replace(message, payload={"b": 2}).to_envelope()
    assert changed.json() == {"b": 2}


@pytest.mark.parametrize("broker", [MemoryMessageBroker(), DevnullMessageBroker()], ids=["memory", "devnull"])
async def test_brokers_for_tests_refuse_what_others_cannot_carry(broker: MessageBroker) -> None:
    with pytest.raises(UnfitMessage, match=r"headers\['x'\] .* is None, and not a text"):
        await broker.send_message(Message("m", "t", 1, headers={"x": None}))  # type: ignore[dict-item]


async def test_unfit_messages_stored_by_an_earlier_version_are_still_sent() -> None:
    broker = OneByOne()
    old = Envelope(
        message_id=uuid.uuid4(),
        name="old",
        topic="t",
        body=b'{"price": NaN}',
        key="k\n" * 200,
        headers={"a b": "x" * 70_000},
    )
    assert await broker.send([old]) == [None]
    assert broker.sent[0].to_envelope() == old


async def test_headers_for_all_that_is_sent_are_refused_where_they_are_given() -> None:
    wrong: Any = {"tenant": 42}
    with pytest.raises(UnfitMessage, match=r"headers\['tenant'\] is 42"), carrying(wrong):
        pass
    with carrying({"tenant": "42"}):
        assert context_headers() == {"tenant": "42"}


@pytest.mark.parametrize("foreign", ["c" * 9000, "a\nb", " c", "\ud800"], ids=["long", "lines", "space", "surrogate"])
async def test_a_follow_up_goes_without_what_came_with_its_cause_and_cannot_travel(foreign: str) -> None:
    cause = Envelope(
        message_id=uuid.uuid4(),
        name="m",
        topic="t",
        body=b"1",
        headers={"correlation-id": foreign, "traceparent": "00-1-2-00", "tracestate": foreign},
    )
    with consuming(cause):
        headers = context_headers()
    own = str(cause.message_id)
    assert headers == {"correlation-id": own, "causation-id": own, "traceparent": "00-1-2-00"}
