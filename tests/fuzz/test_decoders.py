"""Every decoder is given rubbish: it answers, or raises the error that it promises, and nothing else."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cqrs
from cqrs._replication import pgoutput
from cqrs.context import consuming, context_headers
from cqrs.deserializers.events import EventDecoder
from cqrs.envelope import Envelope
from cqrs.errors import CQRSError
from cqrs.errors.deserializing import DeserializeJsonError
from cqrs.errors.messages import InvalidEnvelope
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.cloudevents.format import from_binary, from_structured
from cqrs.outbox.log.content import fit_for_table, unpack
from cqrs.outbox.log.protocol import Diverted
from cqrs.serializers.json_reader import JsonDeserializer
from cqrs.workers.consumer.events import JsonEvents
from tests.fuzz.rubbish import bodies, envelopes, fuzzed, headers, texts


class Ordered(cqrs.NotificationEvent[dict[str, Any]]):
    event_name: str = "ordered"


pytestmark = pytest.mark.slow

REGISTRY = EventRegistry()
REGISTRY.register(Ordered, "ordered")


@fuzzed
@given(topic=texts, body=bodies, given_headers=headers)
def test_headers_make_an_envelope_or_an_error_with_the_reason(
    topic: str, body: bytes, given_headers: dict[str, str]
) -> None:
    try:
        made = Envelope.from_headers(topic, body, given_headers)
    except InvalidEnvelope:
        return
    assert made.body == body


@fuzzed
@given(envelopes())
def test_the_events_of_json_are_read_or_refused(envelope: Envelope) -> None:
    for read in (JsonEvents(REGISTRY), EventDecoder(REGISTRY)):
        with contextlib.suppress(CQRSError):
            assert isinstance(read(envelope), Ordered)


@fuzzed
@given(bodies)
def test_a_json_deserializer_never_raises(body: bytes) -> None:
    for model in (Ordered, dict[str, Any], int):
        read: JsonDeserializer[Any] = JsonDeserializer(model)
        made = read(body)
        assert made is None or isinstance(made, (DeserializeJsonError, Ordered, dict, int))


@fuzzed
@given(envelopes())
def test_a_cloud_event_is_read_or_is_none(envelope: Envelope) -> None:
    for prefix in ("ce-", "ce_", "cloudEvents:"):
        for read in (from_binary, from_structured):
            with contextlib.suppress(InvalidEnvelope):
                assert isinstance(read(envelope, prefix), Envelope | None)


@fuzzed
@given(bodies)
def test_a_message_of_the_log_is_read_or_refused(content: bytes) -> None:
    for whole in (content, len(content).to_bytes(4, "big") + content):
        try:
            row = unpack(whole)
        except InvalidEnvelope:
            continue
        assert fit_for_table(Diverted(row, None)).row is not None


records = st.builds(
    lambda kind, rest: kind + rest, st.sampled_from([b"B", b"C", b"I", b"R", b"M"]), st.binary(max_size=60)
)


@fuzzed
@given(st.one_of(st.binary(max_size=60), records))
def test_a_record_of_the_log_is_read_or_refused(payload: bytes) -> None:
    with contextlib.suppress(CQRSError):
        pgoutput.decode(payload)


@fuzzed
@given(envelopes())
def test_messages_caused_by_a_message_have_headers_that_can_be_sent(envelope: Envelope) -> None:
    with consuming(envelope):
        assert context_headers()["causation-id"] == str(envelope.message_id)
