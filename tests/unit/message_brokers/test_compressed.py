from __future__ import annotations

import os
import uuid
import zlib

import pytest

from cqrs.compressors import ZlibCompressor
from cqrs.envelope import Envelope
from cqrs.errors import MessageRejected
from cqrs.message_brokers.compressed import CompressedBroker
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.message_brokers.protocol import Message

LONG = b"long " * 1000


async def sent(body: bytes, encoding: str | None = None, at_least: int = 1024) -> Envelope:
    memory = MemoryMessageBroker()
    async with CompressedBroker(memory, ZlibCompressor(), min_size=at_least) as broker:
        envelope = Envelope(message_id=uuid.uuid4(), name="n", topic="t", body=body, content_encoding=encoding)
        assert await broker.send([envelope]) == [None]
    return memory.sent[0].to_envelope()


async def test_a_long_body_is_compressed_and_names_its_encoding() -> None:
    envelope = await sent(LONG)
    assert envelope.content_encoding == "zlib"
    assert zlib.decompress(envelope.body) == LONG


@pytest.mark.parametrize(
    ("body", "encoding", "at_least"),
    [(b"short " * 100, None, 1024), (LONG, "gzip", 0), (os.urandom(2000), None, 0)],
    ids=["short", "compressed", "random"],
)
async def test_a_body_that_would_not_shrink_is_sent_unchanged(body: bytes, encoding: str | None, at_least: int) -> None:
    envelope = await sent(body, encoding, at_least)
    assert (envelope.body, envelope.content_encoding) == (body, encoding)


async def test_a_message_is_compressed_after_it_was_encoded() -> None:
    memory = MemoryMessageBroker()
    await CompressedBroker(memory, ZlibCompressor()).send_message(Message("n", "t", ["long"] * 1000))
    assert zlib.decompress(memory.sent[0].payload).startswith(b'["long","long"')


async def test_a_message_that_cannot_be_encoded_is_rejected() -> None:
    with pytest.raises(MessageRejected):
        await CompressedBroker(MemoryMessageBroker(), ZlibCompressor()).send_message(Message("n", "t", object()))
