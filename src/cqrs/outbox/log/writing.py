"""Writing messages to the log of PostgreSQL in the transaction of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ARRAY, LargeBinary, String, bindparam, event, text

from cqrs._sqlalchemy.dialects import capabilities_of
from cqrs.errors.transactions import TransactionEnded, UnitOfWorkStateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session, SessionTransaction

_WAITING = "cqrs_log_messages"
_WRITTEN = "cqrs_log_written"  # and the COMMIT follows
_MOST = 16_000_000  # bytes in one statement: the server has all of it in memory, several times, and takes no gigabyte
_EMIT = text(
    "SELECT count(pg_logical_emit_message(true, prefix, content)) "
    "FROM unnest(:prefixes, :contents) WITH ORDINALITY AS message (prefix, content, number)"
).bindparams(bindparam("prefixes", type_=ARRAY(String)), bindparam("contents", type_=ARRAY(LargeBinary)))


class _Message(NamedTuple):
    savepoint: SessionTransaction | None
    model: Any
    prefix: str
    content: bytes


def write_at_commit(session: Session, model: Any, prefix: str, content: bytes) -> Callable[[], None]:
    """Write ``content`` when the transaction of ``session`` is committed, unless a savepoint around is undone.

    Into the log of the database where ``model`` is, if the session has several. What is returned takes it back.
    """
    waiting: list[_Message] | None = session.info.get(_WAITING)
    if session.info.get(_WRITTEN):
        raise TransactionEnded("its messages are in the log", "Add this one before, or in a listener of the flush.")
    if waiting is None:
        waiting = session.info[_WAITING] = []
        event.listen(session, "before_commit", _before_commit)
        event.listen(session, "after_soft_rollback", _after_rollback)
        event.listen(session, "after_commit", _committed)
    message = _Message(session.get_nested_transaction(), model, prefix, content)
    waiting.append(message)
    return lambda: _take_back(waiting, message)


def _take_back(waiting: list[_Message], message: _Message) -> None:
    waiting[:] = [other for other in waiting if other is not message]


def _before_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return
    waiting: list[_Message] = session.info[_WAITING]
    if not waiting:
        return
    session.flush()  # what other listeners of the flush add belongs before it
    where = {"mapper": waiting[0].model}
    if not capabilities_of(session.get_bind(**where).dialect).has_message_log:
        raise UnitOfWorkStateError("Only PostgreSQL has a log for messages: use SqlAlchemyOutboxedEventRepository.")
    for some in _parts(waiting):
        messages = {"prefixes": [m.prefix for m in some], "contents": [m.content for m in some]}
        session.execute(_EMIT, messages, bind_arguments=where)
    waiting.clear()
    session.info[_WRITTEN] = True


def _committed(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info[_WRITTEN] = False


def _parts(messages: list[_Message]) -> Iterator[list[_Message]]:
    """All of them in their order, not too many bytes at a time."""
    part: list[_Message] = []
    size = 0
    for message in messages:
        if part and size + len(message.content) > _MOST:
            yield part
            part, size = [], 0
        part.append(message)
        size += len(message.content)
    yield part


def _after_rollback(session: Session, ended: SessionTransaction) -> None:
    waiting: list[_Message] = session.info[_WAITING]
    session.info[_WRITTEN] = session.info.get(_WRITTEN) and ended.parent is not None
    waiting[:] = [] if ended.parent is None else [m for m in waiting if not _within(m.savepoint, ended)]


def _within(savepoint: Any, ended: SessionTransaction) -> bool:
    while savepoint is not None:
        if savepoint is ended:
            return True
        savepoint = savepoint.parent
    return False
