from __future__ import annotations

import uuid

import pytest

from tests.integration.kafka.backend import KafkaBackend


@pytest.fixture
def backend(kafka_bootstrap: str) -> KafkaBackend:
    return KafkaBackend(kafka_bootstrap)


@pytest.fixture
async def topic(backend: KafkaBackend) -> str:
    """A topic of one partition."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    await backend.create(name)
    return name
