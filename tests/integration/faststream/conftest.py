from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.integration.faststream.releases import KAFKA
from tests.integration.faststream.topic import Topic, new_topic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.servers.fixtures import Servers


@pytest.fixture(scope="session")
def kafka_bootstrap(servers: Servers) -> str:
    """The server of this run, or that of the run that this one is a part of."""
    return os.environ.get(KAFKA) or servers.shared("kafka").address


@pytest_asyncio.fixture
async def topic(kafka_bootstrap: str) -> AsyncIterator[Topic]:
    async with new_topic(kafka_bootstrap) as topic:
        yield topic
