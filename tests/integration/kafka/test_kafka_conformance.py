from __future__ import annotations

import pytest

from cqrs.testing.conformance.message_broker import MessageSourceConformance
from tests.integration.kafka.backend import KafkaBackend


class TestKafka(MessageSourceConformance):
    @pytest.fixture
    def backend(self, kafka_bootstrap: str) -> KafkaBackend:
        return KafkaBackend(kafka_bootstrap)
