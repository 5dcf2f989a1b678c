"""The part of the outbox suite for messages that are refused because some database or broker cannot carry them."""
# ruff: noqa: S101 - assert is how a suite checks, a transaction is what fails

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import uuid
from typing import TYPE_CHECKING, Any

import pydantic
import pytest

from cqrs._messages.limits import LARGEST_BODY
from cqrs.errors.messages import UnfitMessage
from cqrs.errors.root import InvalidArgument
from cqrs.events.event import DCNotificationEvent
from cqrs.serializers.protocol import Encoded
from cqrs.testing.conformance._outbox_stand import HOUR, Numbered, Other, numbered, numbers

if TYPE_CHECKING:
    from cqrs.events.registry import EventRegistry
    from cqrs.outbox.repository import OutboxedEventRepository
    from cqrs.testing.conformance._outbox_stand import OutboxBackend

UNFIT_HEADERS = [
    ({"x": None}, "headers['x']", "is None"),
    ({"x": True}, "headers['x']", "is True"),
    ({"x": 1.5}, "headers['x']", "is 1.5"),
    ({"x": 42}, "headers['x']", "is 42"),
    ({"x": b"bytes"}, "headers['x']", "is a bytes"),
    ({"x": "\ud800"}, "headers['x']", "half a character"),
    ({"x": "a\0b"}, "headers['x']", "control character"),
    ({"x": "a\r\nb: c"}, "headers['x']", "control character"),
    ({"x": " a"}, "headers['x']", "space"),
    ({"x": "s" * 70_000}, "headers", "16,384 fit"),
    ({f"x{n}": "✓" * 50 for n in range(120)}, "headers", "16,384 fit"),
    ({7: "x"}, "headers", "has 7 among its names"),
    ({"": "x"}, "headers['']", "name"),
    ({"a b": "x"}, "headers['a b']", "name"),
    ({"a:b": "x"}, "headers['a:b']", "name"),
    ({"naïve": "x"}, "headers['naïve']", "name"),
    ({"message-key": "k"}, "headers['message-key']", "uses itself"),
    ([("x", "y")], "headers", "are a list"),
]
NAN, INFINITY = float("nan"), float("inf")


class _FixedSerializer:
    """A serializer that returns the given body and content type."""

    def __init__(self, body: bytes, content_type: str = "application/json; charset=utf-8") -> None:
        self.encoded = Encoded(body, content_type)

    def serialize(self, event: Any) -> Encoded:
        del event
        return self.encoded

    def deserialize(self, body: bytes, content_type: str, event_type: type[Any]) -> Any:
        raise NotImplementedError


class Refusals:
    """Tests of refused arguments; the suite that inherits them has the fixtures."""

    async def test_headers_that_not_every_broker_carries_are_refused_with_their_names(
        self, outbox: OutboxedEventRepository
    ) -> None:
        headers: Any
        async with outbox as session:
            for headers, part, problem in UNFIT_HEADERS:
                with pytest.raises(UnfitMessage) as caught:
                    outbox.add(session, numbered(1), headers=headers)
                assert (caught.value.message, caught.value.argument) == ("numbered", part)
                assert problem in str(caught.value)
            outbox.add(session, numbered(2), headers={"x": "naïve ✓ — b", "Y_z.1": ""})
            await outbox.commit(session)
        (taken,) = await outbox.get_many()
        assert taken.envelope is not None
        assert taken.envelope.headers == {"x": "naïve ✓ — b", "Y_z.1": ""}

    async def test_a_key_that_not_every_database_stores_is_refused(self, outbox: OutboxedEventRepository) -> None:
        key: Any
        async with outbox as session:
            for key in (7, b"k", "k" * 256, "a\0b", "a\nb", "\udc80"):
                with pytest.raises(UnfitMessage, match="key of the message 'numbered'"):
                    outbox.add(session, numbered(1), key=key)
            outbox.add(session, numbered(2), key="✓" * 255)
            await outbox.commit(session)
        assert numbers(await outbox.get_many()) == [2]

    async def test_a_topic_or_a_name_that_not_every_broker_carries_is_refused(
        self, outbox: OutboxedEventRepository, registry: EventRegistry
    ) -> None:
        async with outbox as session:
            for text in ("t" * 256, "✓" * 86, "a\0b", "a\nb"):
                registry.register(type("Strange", (Numbered,), {}), text)
                with pytest.raises(UnfitMessage, match="topic of the message 'numbered'"):
                    outbox.add(session, numbered(1, text))
                with pytest.raises(UnfitMessage, match="name of the message"):
                    outbox.add(session, registry.type_of(text)(event_name=text, payload=1))
            with pytest.raises(UnfitMessage, match="topic of the message 'numbered' is empty"):
                outbox.add(session, numbered(1, ""))
            outbox.add(session, numbered(2, "✓" * 85))
            await outbox.commit(session)
        assert numbers(await outbox.get_many()) == [2]

    async def test_the_largest_headers_and_texts_are_stored(self, outbox: OutboxedEventRepository) -> None:
        headers = {"a" * 255: "é" * 4000, "b": '"' * (16_384 - 255 - 8000 - 1 - 8)}
        async with outbox as session:
            outbox.add(session, numbered(1, "t" * 255), key="k" * 255, headers=headers)
            await outbox.commit(session)
        (taken,) = await outbox.get_many()
        assert taken.envelope is not None
        assert dict(taken.envelope.headers) == headers

    async def test_a_body_above_the_size_limit_is_refused(
        self, backend: OutboxBackend, registry: EventRegistry
    ) -> None:
        large = backend.repository(registry=registry, serializer=_FixedSerializer(b'"' * LARGEST_BODY, "text/plain"))
        larger = backend.repository(
            registry=registry, serializer=_FixedSerializer(b'"' * (LARGEST_BODY + 1), "text/plain")
        )
        async with large as session:
            with pytest.raises(UnfitMessage, match=r"body of the message .* 8,000,001 bytes .* 8,000,000 fit"):
                larger.add(session, numbered(1))
            large.add(session, numbered(2))
            await large.commit(session)
        (taken,) = await large.get_many()
        assert taken.envelope is not None
        assert len(taken.envelope.body) == LARGEST_BODY

    async def test_a_nan_or_infinite_number_is_refused_with_the_name_of_its_field(
        self, outbox: OutboxedEventRepository, registry: EventRegistry
    ) -> None:
        registry.register(Priced, "priced")
        registry.register(DCPriced, "dc")
        unfit: list[tuple[Any, str]] = [
            (Priced(payload=NAN), "payload"),
            (Priced(payload={"lines": [{"price": 1.5}, {"price": -INFINITY}]}), "payload.lines[1].price"),
            (Priced(payload={"NaN": [INFINITY]}), "payload.NaN[0]"),
            (DCPriced("dc", payload=Line(price=NAN)), "payload.price"),
            (DCPriced("dc", payload=[Row(price=NAN)]), "payload[0].price"),
        ]
        async with outbox as session:
            for event, field in unfit:
                with pytest.raises(UnfitMessage) as caught:
                    outbox.add(session, event)
                assert caught.value.argument == field
            outbox.add(session, Other(payload="NaN, Infinity"))
            outbox.add(session, Priced(payload=[decimal.Decimal(1), None]))
            await outbox.commit(session)
        assert [each.topic for each in await outbox.get_many()] == ["output_topic"] * 2

    async def test_a_payload_that_json_cannot_hold_is_refused(
        self, outbox: OutboxedEventRepository, registry: EventRegistry
    ) -> None:
        registry.register(Priced, "priced")
        async with outbox as session:
            for payload in ("half \ud800", {"it": object()}):
                with pytest.raises(UnfitMessage, match="payload of the message 'priced' cannot be JSON"):
                    outbox.add(session, Priced(payload=payload))

    async def test_a_serializer_that_declares_json_must_write_json(
        self, backend: OutboxBackend, registry: EventRegistry
    ) -> None:
        wrong = backend.repository(registry=registry, serializer=_FixedSerializer(b'{"a": [1, NaN]}'))
        other = backend.repository(
            registry=registry, serializer=_FixedSerializer(b'{"a": [1, NaN]}', "application/json5")
        )
        async with wrong as session:
            with pytest.raises(UnfitMessage, match=r"a\[1\] of the message 'numbered' is nan"):
                wrong.add(session, numbered(1))
            other.add(session, numbered(2))
            await wrong.commit(session)
        assert len(await wrong.get_many()) == 1

    async def test_a_delay_that_no_database_can_store_is_refused(self, outbox: OutboxedEventRepository) -> None:
        delay: Any
        async with outbox as session:
            for delay in (dt.timedelta.max, INFINITY, NAN, 1e300, "60", True, decimal.Decimal(1), 101 * 365.25 * 86400):
                with pytest.raises(InvalidArgument, match="delay"):
                    outbox.add(session, numbered(1), delay=delay)
            outbox.add(session, numbered(2), delay=99 * 365 * 86_400)
            outbox.add(session, numbered(3), delay=dt.timedelta.min)
            outbox.add(session, numbered(4), delay=-INFINITY)
            await outbox.commit(session)
        assert numbers(await outbox.get_many()) == [3, 4]

    async def test_a_time_that_no_database_can_store_is_refused(self, outbox: OutboxedEventRepository) -> None:
        due_at: Any
        unfit = [
            dt.datetime(2030, 1, 1),  # noqa: DTZ001  # a time without a zone is refused
            dt.datetime.max.replace(tzinfo=dt.UTC),
            dt.datetime.max.replace(tzinfo=dt.timezone(-HOUR)),
            dt.date(2030, 1, 1),
            "2030-01-01T00:00:00Z",
        ]
        async with outbox as session:
            for due_at in unfit:
                with pytest.raises(InvalidArgument, match="due_at"):
                    outbox.add(session, numbered(1), due_at=due_at)
            outbox.add(session, numbered(2), due_at=dt.datetime(9998, 12, 31, 23, tzinfo=dt.timezone(HOUR)))
            outbox.add(session, numbered(3), due_at=dt.datetime.min.replace(tzinfo=dt.timezone(HOUR)))
            with pytest.raises(InvalidArgument, match="either"):
                outbox.add(session, numbered(4), due_at=dt.datetime(2030, 1, 1, tzinfo=dt.UTC), delay=1)
            await outbox.commit(session)
        assert numbers(await outbox.get_many()) == [3]

    async def test_an_id_given_as_text_finds_the_same_message(self, outbox: OutboxedEventRepository) -> None:
        first, second, third = numbered(1), numbered(2), uuid.uuid4()
        async with outbox as session:
            outbox.add(session, first, delay=HOUR)
            outbox.add(session, second, delay=HOUR)
            outbox.add(session, numbered(3), delay=HOUR, dedup_id=str(third))
            outbox.add(session, numbered(4), delay=HOUR, dedup_id="order-4")
            await outbox.commit(session)
        async with outbox as session:
            assert await outbox.cancel(session, str(first.event_id))
            assert await outbox.cancel(session, str(second.event_id).upper())
            assert await outbox.cancel(session, third)
            assert await outbox.cancel(session, "order-4")
            assert not await outbox.cancel(session, str(first.event_id))
            await outbox.commit(session)

    async def test_an_id_of_the_wrong_type_is_refused(self, outbox: OutboxedEventRepository) -> None:
        wrong: Any
        async with outbox as session:
            for wrong in (None, "", 7, numbered(1), b"order-1"):
                with pytest.raises(InvalidArgument, match=r"message_id.* event_id"):
                    await outbox.cancel(session, wrong)
            for wrong in ("", 7, b"order-1"):
                with pytest.raises(InvalidArgument, match="dedup_id"):
                    outbox.add(session, numbered(1), dedup_id=wrong)
        for wrong in (uuid.uuid4(), "1", None, 1.0, True):
            with pytest.raises(InvalidArgument, match="outboxed_event_id"):
                await outbox.reject(wrong, ValueError())
            with pytest.raises(InvalidArgument, match="ids"):
                await outbox.parked.replay(wrong)
            with pytest.raises(InvalidArgument, match="ids"):
                await outbox.parked.drop(wrong)
        with pytest.raises(InvalidArgument, match="say which"):
            await outbox.parked.drop()


class Line(pydantic.BaseModel):
    """A payload of pydantic, which would write NaN and infinity as ``null``."""

    price: float


@dataclasses.dataclass
class Row:
    """A payload without pydantic."""

    price: float


class DCPriced(DCNotificationEvent[Any]):
    """An event without pydantic."""


class Priced(Numbered):
    """An event with any payload."""

    event_name: str = "priced"
    payload: Any
