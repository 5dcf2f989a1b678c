from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.testing.conformance.message_broker import MessageSourceConformance

if TYPE_CHECKING:
    from cqrs.message_brokers.source import MessageSource


class MemoryBackend:
    features = MemoryMessageBroker.features

    def __init__(self) -> None:
        self._broker = MemoryMessageBroker()

    def broker(self) -> MemoryMessageBroker:
        return self._broker

    def source(self, topic: str, group: str) -> MessageSource:
        return self._broker.source(topic, group=group)

    async def prepare(self, topic: str, groups: list[str]) -> None:
        pass


class TestMemoryBroker(MessageSourceConformance):
    @pytest.fixture
    def backend(self) -> MemoryBackend:
        return MemoryBackend()
