"""Sends a batch of messages as one call of a broker, in limited time, and learns how large a batch may be."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from cqrs._logging.texts import describe_broker
from cqrs._tasks.cancellation import is_cancelled
from cqrs.errors.messages import BrokerUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.protocol import MessageBroker

_TIMES_USUAL = 10  # so many times the usual time, until a message that has failed before counts as not answered
_SHORTEST = 1.0  # seconds


class Pipeline:
    """Sends to ``broker``. ``batch_limit`` is how many messages it takes within a quarter of ``lease`` seconds."""

    def __init__(self, broker: MessageBroker, batch_size: int, lease: float) -> None:
        self.batch_limit = batch_size
        self._broker = broker
        self._batch_size = batch_size
        self._lease = lease
        self._usual: tuple[float, int] | None = None  # seconds, and for how many messages

    async def send(self, envelopes: Sequence[Envelope], seconds: float) -> Sequence[Exception | None] | Exception:
        """The result of each message, or the error of the whole call, after ``seconds`` at most.

        A batch that takes longer halves ``batch_limit``: it would be sent again as a whole, and again not end in time.
        """
        before = time.monotonic()
        time_limit = asyncio.timeout(seconds)
        try:
            async with time_limit:
                results = await self._broker.send(envelopes)
        except Exception as error:  # noqa: BLE001  # the port forbids it, but a broker of a user may raise anything
            if not time_limit.expired():
                return error
            self.batch_limit = max(1, len(envelopes) // 2)
            return self._unavailable(TimeoutError(f"no answer within {seconds:.1f} s"))
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            return self._unavailable("its driver has cancelled the sending")
        took = time.monotonic() - before
        if len(results) != len(envelopes):
            count = f"{len(envelopes)} messages by {len(results)} results"
            return self._unavailable(f"it answers {count}, and must give one for each")
        if None in results:
            in_time = int(len(results) / max(took, 1e-6) * self._lease / 4)
            self.batch_limit = max(1, min(self._batch_size, in_time))
            self._usual = (took, len(results))
        return results

    def shortened(self, seconds: float, count: int) -> float:
        """The time for ``count`` messages after a failure, at most ``seconds``: ten times what they usually take."""
        if self._usual is None:
            return seconds
        took, before = self._usual
        return min(seconds, max(_SHORTEST, _TIMES_USUAL * took * max(1.0, count / before)))

    async def reaches_broker(self) -> bool:
        """Whether the broker can be reached now."""
        try:
            async with asyncio.timeout(_SHORTEST):
                await self._broker.start()
        except Exception:  # noqa: BLE001  # whatever the driver raises
            return False
        return True

    def _unavailable(self, reason: BaseException | str) -> BrokerUnavailable:
        return BrokerUnavailable(describe_broker(self._broker), reason)
