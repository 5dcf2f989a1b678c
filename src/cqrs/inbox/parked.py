"""Step 6, messages that no handler takes, and all that wait behind them: the port for operators."""

from __future__ import annotations

import abc
import dataclasses
import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

from cqrs.envelope import UNREADABLE, Envelope
from cqrs.inbox.large import Kept, whole

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence


@dataclasses.dataclass(frozen=True, slots=True)
class ParkedMessage:
    """The first message of a parked sequence: all messages of one key, or a single one without a key.

    ``attempts`` counts how often it was parked or tried again, and failed. ``retry_at`` is when it is tried next,
    ``None`` if that is up to an operator. ``behind`` counts the messages that wait for it.
    """

    id: int
    envelope: Envelope
    attempts: int
    error: str
    parked_at: dt.datetime
    retry_at: dt.datetime | None
    behind: int


@dataclasses.dataclass(frozen=True, slots=True)
class TakenSequence:
    """A parked sequence that is tried again: its first messages in their order, each with its id."""

    consumer: str
    sequence: uuid.UUID
    attempts: int
    messages: tuple[tuple[int, Envelope], ...]
    version: int = 0


class ParkedMessages(abc.ABC):
    """What is parked in an inbox. Every call is a transaction of its own, safe beside consumers at work.

    A body that the database cannot take is not kept: ``envelope.headers["unreadable"]`` has the reason, and which
    message it was in which topic. Such a message is never handled.
    """

    @abc.abstractmethod
    async def list(self, consumer: str, limit: int = 100, after: int = 0) -> Sequence[ParkedMessage]:
        """The first ``limit`` parked sequences, the oldest first; the next page comes ``after`` the last id."""

    @abc.abstractmethod
    async def replay(self, consumer: str, *ids: int, key: str | None = None) -> int:
        """Let parked messages be tried again now, and those behind them after them, in their order.

        These are the ones with these ``ids``, or the one of ``key``; all, if neither is given. They have all their
        attempts again. Returns how many parked sequences these were; ids of messages that wait behind another count
        for nothing.
        """

    @abc.abstractmethod
    async def drop(self, consumer: str, *ids: int, key: str | None = None) -> int:
        """Forget these parked messages: they never take effect. Those behind them go on, the next one at once.

        Raises ``InvalidArgument`` if neither ids nor a key are given. Returns how many these were. A duplicate of a
        message that was dropped does not take effect either.
        """


def sequence_of(envelope: Envelope) -> uuid.UUID:
    """The id of the sequence of a message: the same for all messages of one key."""
    return envelope.message_id if envelope.key is None else sequence_of_key(envelope.key)


def sequence_of_key(key: str) -> uuid.UUID:
    """The sequence of ``key``, whatever its length."""
    return uuid.UUID(bytes=hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=16).digest())


def first_copies(envelopes: Sequence[Envelope]) -> list[Envelope]:
    """``envelopes`` in their order, each message once."""
    unique: dict[uuid.UUID, Envelope] = {}
    for envelope in envelopes:
        unique.setdefault(envelope.message_id, envelope)
    return list(unique.values())


def packed(envelope: Envelope, body: Kept) -> bytes:
    """All of ``envelope`` but its body. Bytes, because a database may refuse some of what is text here."""
    head: dict[str, Any] = {"topic": envelope.topic, "headers": envelope.to_headers()}
    if body.how is not None:
        head |= {"body": body.how}
    if body.why:
        head["headers"][UNREADABLE] = body.why  # so it is never handled as if it had none
    return json.dumps(head).encode()


def unpacked(head: bytes, body: bytes) -> Envelope:
    """The envelope again."""
    known = json.loads(head)
    return Envelope.from_headers(known["topic"], whole(body, known.get("body")), known["headers"])
