from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from tests.integration.faststream.topic import Topic, new_topic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest_asyncio.fixture
async def topic(kafka_bootstrap: str) -> AsyncIterator[Topic]:
    async with new_topic(kafka_bootstrap) as topic:
        yield topic
