"""Adding messages to a session.

To the session they are objects like all others: queries see them, a savepoint takes them along when it is rolled back.
But those that are still waiting when it commits go in by one plain INSERT, for to flush them would cost more than all
else that is done to add a message.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import event, insert
from sqlalchemy.orm import Session, object_mapper

from cqrs._sqlalchemy.clock import database_in

if TYPE_CHECKING:
    from sqlalchemy import FromClause, Insert, Table
    from sqlalchemy.orm import Mapper

    from cqrs.outbox.rows import NewRow

    Model = Any  # a class with OutboxModelMixin

_WAITING = "cqrs_outbox_waiting"
_LATER = "cqrs_outbox_later"  # what listeners of a flush have added
_VALUES = "cqrs_values"  # beside the mapped attributes of a message that waits


def add_row(session: Session, model: Model, row: NewRow) -> None:
    """Let ``session`` insert ``row`` into the table of ``model`` when it flushes or commits."""
    values = stored_values(row)
    message = model(**values)
    setattr(message, _VALUES, values)
    if session._warn_on_events:  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # there is no public attribute for it
        session.info.setdefault(_LATER, []).append(message)  # a flush that is under way takes no more
        return
    session.add(message)
    session.info[_WAITING] = True


@event.listens_for(Session, "after_flush_postexec")
def _add_later(session: Session, _flush: Any) -> None:
    later = session.info.pop(_LATER, None)
    if later:
        session.add_all(later)
        session.info[_WAITING] = True


@event.listens_for(Session, "after_soft_rollback")
def _forget_later(session: Session, _transaction: Any) -> None:
    session.info.pop(_LATER, None)


# For all sessions at once: to listen to each for itself would cost it more than the INSERT saves.
@event.listens_for(Session, "before_commit")
def _insert_waiting(session: Session) -> None:
    if not session.info.pop(_WAITING, None):
        return
    waiting = [each for each in session.new if _VALUES in vars(each)]
    rows: dict[Mapper[Any], list[dict[str, Any]]] = {}
    for message in waiting:
        rows.setdefault(object_mapper(message), []).append(getattr(message, _VALUES))
    if not all(map(_is_plain, rows)) or any("due_at" in getattr(message, _VALUES) for message in waiting):
        return  # the flush inserts them
    for message in waiting:
        session.expunge(message)
    for mapper, values in rows.items():
        session.connection(bind_arguments={"mapper": mapper}).execute(_insert_into(mapper.local_table), values)


@lru_cache  # SQLAlchemy finds what it has compiled for a statement faster if it is the same object
def _insert_into(table: FromClause) -> Insert:
    return insert(cast("Table", table))


def _is_plain(mapper: Mapper[Any]) -> bool:
    """Whether no listener is to be called for each row that is inserted."""
    return not (mapper.dispatch.before_insert or mapper.dispatch.after_insert)


def stored_values(row: NewRow) -> dict[str, Any]:
    """The columns of ``row``; the others have defaults."""
    envelope = row.envelope
    headers = dict(envelope.headers)
    if envelope.content_encoding is not None:
        headers["content-encoding"] = envelope.content_encoding
    values = {
        "message_id": envelope.message_id,
        "event_name": envelope.name,
        "event_version": envelope.version,
        "topic": envelope.topic,
        "message_key": envelope.key,
        "partition_no": row.partition,
        "content_type": envelope.content_type,
        "compression": row.compression,
        "headers": json.dumps(headers) if headers else "{}",
        "body": envelope.body,
    }
    due_at = row.due_at if row.delay is None else database_in(row.delay)
    return values if due_at is None else {**values, "due_at": due_at}
