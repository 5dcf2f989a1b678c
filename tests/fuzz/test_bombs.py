"""A few bytes that become very many."""

from __future__ import annotations

import tracemalloc
import uuid
import zlib

import pytest

from cqrs.compressors.zlib import ZlibCompressor
from cqrs.envelope import Envelope
from cqrs.errors import UnreadableBody
from cqrs.events.registry import EventRegistry
from cqrs.workers.consumer.events import JsonEvents
from tests.fuzz.test_decoders import Ordered

MIB = 2**20


@pytest.mark.slow
def test_a_body_that_becomes_very_large_is_refused_before_it_is() -> None:
    registry = EventRegistry()
    registry.register(Ordered, "ordered")
    bomb = zlib.compressobj()
    body = b"".join(bomb.compress(b"0" * MIB) for _ in range(300)) + bomb.flush()
    envelope = Envelope(
        message_id=uuid.uuid4(), name="ordered", topic="orders", body=body, content_encoding=ZlibCompressor.name
    )
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableBody, match="more than 67,108,864 bytes"):
            JsonEvents(registry)(envelope)
        assert tracemalloc.get_traced_memory()[1] < 200 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("cut", [0, 1, -1])
def test_bytes_that_are_not_whole_are_refused(cut: int) -> None:
    with pytest.raises(UnreadableBody):
        ZlibCompressor().decompress(zlib.compress(b"0" * 1000)[:cut] if cut else b"")


def test_a_body_of_exactly_the_allowed_size_is_restored() -> None:
    whole = b"0" * 1000
    assert ZlibCompressor(max_size=1000).decompress(zlib.compress(whole)) == whole
    with pytest.raises(UnreadableBody):
        ZlibCompressor(max_size=999).decompress(zlib.compress(whole))
