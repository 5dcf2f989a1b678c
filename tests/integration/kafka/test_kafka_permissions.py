"""A user of Kafka without the right to write to one topic."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.protocol.admin import CreateAclsRequest_v1

from cqrs.errors import MessageRejected
from cqrs.testing.conformance.message_broker import an_envelope, received
from tests.integration.message_brokers.secured import KafkaByPlainPassword
from tests.servers.secured import USER

if TYPE_CHECKING:
    from tests.servers.secured import Secured

TOPIC, LITERAL, ALLOW = 2, 3, 3
WRITE, DESCRIBE = 4, 8


@pytest.mark.parametrize("may_describe", [True, False], ids=["may describe", "may nothing"])
async def test_a_topic_without_the_right_to_write_is_refused_by_name_and_the_others_leave(
    secured_kafka: Secured, *, may_describe: bool
) -> None:
    allowed, forbidden = f"t-{uuid.uuid4().hex[:12]}", f"secret-{uuid.uuid4().hex[:12]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=secured_kafka.at["plain"])
    await admin.start()
    try:
        await admin.create_topics([NewTopic(allowed, 1, 1), NewTopic(forbidden, 1, 1)])
        # What is named in one list of rights is closed to all users that are not in it.
        rights = [("User:somebody-else", WRITE), *([(f"User:{USER}", DESCRIBE)] if may_describe else [])]
        entries = [(TOPIC, forbidden, LITERAL, who, "*", what, ALLOW) for who, what in rights]
        answer = await admin._send_request(CreateAclsRequest_v1(entries))
        assert [code for code, *_ in answer.creation_responses] == [0] * len(entries)
    finally:
        await admin.close()
    backend = KafkaByPlainPassword(secured_kafka)
    async with backend.broker(allowed) as broker, backend.source(allowed) as source:
        envelopes = [an_envelope(allowed if n % 5 else forbidden, n, key=f"k{n}") for n in range(20)]
        results = await broker.send(envelopes)
        assert len(await received(source, 16)) == 16
    refused = [n for n, error in enumerate(results) if error is not None]
    assert refused == [0, 5, 10, 15]
    for n in refused:
        assert isinstance(results[n], MessageRejected)
        assert forbidden in str(results[n])
