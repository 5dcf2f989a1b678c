"""Step 5, messages that a broker did not take, and all that wait behind them: the port for operators."""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from cqrs.envelope import Envelope


@dataclasses.dataclass(frozen=True, slots=True)
class ParkedMessage:
    """A message that was rejected too often. ``behind`` counts the later messages of its key that are set aside."""

    id: int
    envelope: Envelope
    attempts: int
    error: str
    parked_at: dt.datetime
    behind: int


class ParkedMessages(abc.ABC):
    """What is parked in an outbox. Every call is a transaction of its own, safe beside relays at work."""

    @abc.abstractmethod
    async def list(self, limit: int = 100, after: int = 0) -> Sequence[ParkedMessage]:
        """The first ``limit`` parked messages, in the order of adding; the next page comes ``after`` the last id.

        Bodies are as they are stored: compressed, if the outbox compresses.
        """

    @abc.abstractmethod
    async def replay(self, *ids: int) -> int:
        """Let parked messages be sent again, and those behind them after them, in their order; all without ``ids``.

        They have all their attempts again. Returns how many parked messages these were: others with these ids are
        left alone. Raises ``InvalidArgument`` for what is no such number.
        """

    @abc.abstractmethod
    async def drop(self, *ids: int) -> int:
        """Let these parked messages never be sent, and those behind them go on; returns how many these were.

        Raises ``InvalidArgument`` if no ids are given, or for what is no such number.
        """
