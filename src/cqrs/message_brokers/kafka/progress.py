"""Commit the offsets of a member of a consumer group."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from cqrs.errors.messages import BrokerUnavailable
from cqrs.message_brokers.kafka.driver import CommitFailed, KafkaError
from cqrs.message_brokers.kafka.ending import driver_cancellations_as_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqrs.message_brokers.kafka.window import Window

_log = logging.getLogger("cqrs")


class Progress:
    """Commits offsets, at most every ``interval`` seconds while Kafka refuses them, and logs the first refusal.

    A refusal delays no message: messages whose offset is not committed are delivered again after a restart.
    """

    def __init__(self, place: str, group: str, interval: float, timeout: float) -> None:
        self._place = place
        self._group = group
        self._interval = interval
        self._timeout = timeout
        self._tried_at = float("-inf")
        self._failing = False
        self._refused = 0

    def is_due(self, *, soon: bool = False) -> bool:
        """Whether it is time for a commit; with ``soon`` at once, unless the last one has failed."""
        now = asyncio.get_running_loop().time()
        return (soon and not self._failing) or now >= self._tried_at + self._interval

    async def commit(self, consumer: Any, windows: Mapping[Any, Window]) -> bool:
        """Commit the positions of ``windows``; returns whether Kafka has answered. Raises ``BrokerUnavailable``."""
        # During the commit, partitions can be revoked and assigned: only those owned now are committed.
        done = [(tp, window, window.position) for tp, window in windows.items() if window.position is not None]
        if not done or consumer is None:
            return False
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout):
                with driver_cancellations_as_errors():
                    await consumer.commit({tp: position for tp, _, position in done})
        except (KafkaError, OSError) as error:
            self._failing, self._tried_at = True, loop.time()
            if isinstance(error, TimeoutError):
                raise BrokerUnavailable(self._place, f"no answer to a commit within {self._timeout:g} s") from error
            if isinstance(error, OSError) or getattr(error, "retriable", False):
                raise BrokerUnavailable(self._place, error) from error
            self._refusal(error)
            return True
        self._tried_at = loop.time()
        self._failing = False
        if self._refused:
            _log.warning(
                "%s accepts the offsets of the group %r again, after %d refusals",
                self._place,
                self._group,
                self._refused,
            )
            self._refused = 0
        for _, window, position in done:
            if window.position == position:
                window.position = None
        return True

    def _refusal(self, error: Exception) -> None:
        self._refused += 1
        _log.log(
            logging.WARNING if self._refused == 1 else logging.DEBUG,
            "%s refuses the offsets of the group %r (%s): handled messages may be delivered again after a restart; "
            "it retries every %g s",
            *(self._place, self._group, _reason(error), self._interval),
        )


def _reason(error: Exception) -> str:
    if isinstance(error, CommitFailed):  # the rebalance listener of the source handles it
        return f"{type(error).__name__}: the partitions were shared out anew"
    return str(error)
