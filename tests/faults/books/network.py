"""A Redis that is some milliseconds away: time to die between what was done and the note of it."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from cqrs.message_brokers.redis.broker import RedisMessageBroker
from cqrs.message_brokers.redis.source import RedisMessageSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.source import Delivery


class FarBroker(RedisMessageBroker):
    """Its confirmations take their time."""

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        results = await super().send(envelopes)
        await _pause()
        return results


class FarSource(RedisMessageSource):
    """Acknowledgements reach it late."""

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        await _pause()
        await super().ack(deliveries)


async def _pause() -> None:
    await asyncio.sleep(random.uniform(0, 0.05))  # noqa: S311  # nothing is hidden by it
