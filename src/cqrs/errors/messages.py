"""Errors of messages that cannot be sent, stored or read."""

from __future__ import annotations

from cqrs._introspection.generics import type_names
from cqrs._text import shown
from cqrs.errors.root import CQRSError, InvalidArgument, without_secrets

TRY_LATER = "try again later"


def _detail(reason: BaseException | str) -> str:
    if isinstance(reason, str):
        return reason
    text = str(reason) or ("no answer in time" if isinstance(reason, TimeoutError) else "")
    return f"{type(reason).__name__}: {text}" if text else type(reason).__name__


class InvalidEnvelope(CQRSError):
    """A message on ``topic`` has ``headers`` that do not identify it, or a body that does not match them."""

    def __init__(self, topic: str, headers: dict[str, str], reason: Exception | str) -> None:
        self.topic = topic
        self.headers = headers
        self.reason = reason
        detail = _detail(reason)
        super().__init__(
            f"A message on {topic!r} cannot be read ({detail}): send the headers message-id "
            "and message-name, or read this topic with a source that has a decoder for its messages."
        )


class BrokerUnavailable(CQRSError, ConnectionError):
    """``broker`` cannot be reached or does not answer. The message is not at fault.

    ``remedy`` is what to do, if waiting does not help: a wrong password or certificate is an outage, too. ``topic`` is
    set if only this topic is away, for example because it has no queue: messages of others can be sent meanwhile.
    """

    def __init__(
        self, broker: str, reason: BaseException | str, remedy: str = TRY_LATER, *, topic: str | None = None
    ) -> None:
        self.broker = broker
        self.reason = reason
        self.remedy = remedy
        self.topic = topic
        detail = _detail(reason)
        super().__init__(f"{broker} is not available ({detail}): {remedy}.")


class MessageRejected(CQRSError):
    """``broker`` will never accept the message ``message_id``: trying again does not help."""

    def __init__(self, broker: str, message_id: object, reason: BaseException | str) -> None:
        self.broker = broker
        self.message_id = message_id
        self.reason = reason
        detail = _detail(reason)
        super().__init__(f"{broker} rejects the message {message_id} ({detail}): change the message or the broker.")


class UnfitMessage(InvalidArgument):
    """The part ``argument`` of the new message ``message`` cannot be stored in every database or sent by every broker.

    ``value`` is what is wrong with it, ``remedy`` what to give. The message was neither stored nor sent. The text of a
    header is not part of the error, because it may be a secret.
    """

    def __init__(self, message: str, argument: str, value: str, remedy: str) -> None:
        super().__init__(argument, value, remedy)
        self.message = message
        whose = f" of the message {shown(message)!r}" if message else ""
        self.args = (f"{argument}{whose} {value}: {remedy}.",)


class InboxConflict(CQRSError):
    """Another transaction has changed the inbox of ``consumer`` meanwhile; this one was rolled back."""

    def __init__(self, consumer: str) -> None:
        self.consumer = consumer
        super().__init__(
            f"Another transaction has handled the same messages of {consumer!r}: begin again with a new unit of work."
        )


class OutboxedEventMismatch(CQRSError, TypeError):
    """The event ``name``, ``version`` is registered for ``expected``, and was added as an ``actual``."""

    def __init__(self, name: str, version: int, expected: type, actual: type) -> None:
        self.name = name
        self.version = version
        self.expected = expected
        self.actual = actual
        meant, given = type_names(expected, actual)
        super().__init__(
            f"As {name!r} version {version} an outbox takes a {meant}, and this is a "
            f"{given}: add an event of that type, or register this type under a name of its own."
        )


class UnknownCompression(CQRSError, LookupError):
    """Stored bytes have a ``compression`` that the reader does not know."""

    def __init__(self, compression: str) -> None:
        self.compression = compression
        super().__init__(
            f"Stored bytes are compressed as {compression!r}: give the reader the compressor that wrote them."
        )


class UnreadableBody(CQRSError, ValueError):
    """A body cannot be decompressed by ``compression``, which its message names; ``reason`` is why."""

    def __init__(self, compression: str, reason: BaseException | str) -> None:
        self.compression = compression
        self.reason = reason
        detail = reason if isinstance(reason, str) else f"{type(reason).__name__}: {reason}"
        super().__init__(
            f"A body cannot be restored from {compression!r} ({detail}): correct its sender, which must "
            "compress it so or name no compression."
        )


class UnreadableRow(CQRSError, ValueError):
    """A row of an outbox is not in the format of this package; ``reason`` is why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"A stored message cannot be read ({reason}): correct its row and replay it, or drop it.")


class NotForTheLog(CQRSError, ValueError):
    """The message ``name`` has a delay or a due time, and was added to an outbox that is a log."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name!r} is to be sent later, and a log cannot hold it back: add it to an outbox in a table, "
            "SqlAlchemyOutboxedEventRepository, in the same transaction."
        )


class DelayNeedsOutbox(CQRSError, ValueError):
    """The event ``name`` has a delay, and is sent without an outbox, straight to a broker."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name!r} has a message_delay, and a broker cannot hold it back: pass an outbox to the bootstrap, or "
            "let the delay be None."
        )


class WakeUpsUnsupported(CQRSError, ValueError):
    """``outbox`` has no wake-ups of this ``kind``."""

    def __init__(self, outbox: str, kind: str) -> None:
        self.outbox = outbox
        self.kind = without_secrets(kind)
        remedy = (
            "wake-ups from the log were removed, so leave wake_up out."
            if kind == "log"
            else "use 'auto' or 'poll'; with PostgreSQL also 'notify'."
        )
        super().__init__(f"{outbox} has no wake-ups of the kind {self.kind!r}: {remedy}")


class NoEnvelope(CQRSError, LookupError):
    """An ``Envelope`` was requested while no message is being consumed."""

    def __init__(self) -> None:
        super().__init__(
            "No message is being consumed here, so there is no Envelope: only code that a Consumer or Once calls has "
            "one. A handler that is called otherwise as well takes `envelope: cqrs.Envelope | None = None`."
        )
