"""The statements by which a relay takes messages from an outbox and settles them.

Taking goes partition by partition through the index on (pending, partition_no, due_at, id), and stops when it has
enough: its cost does not depend on how many rows there are, sent, unsent or parked.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, SmallInteger, and_, bindparam, literal_column, or_, select, union_all, update
from sqlalchemy.dialects.mysql.base import MySQLDialect, MySQLIdentifierPreparer
from sqlalchemy.orm import aliased

from cqrs._sqlalchemy.clock import database_in, database_now
from cqrs._sqlalchemy.dialects import MARIADB_NAMES
from cqrs.envelope import Envelope
from cqrs.outbox.event import EventStatus
from cqrs.outbox.queue import FOREVER, QueuedMessage
from cqrs.outbox.rows import headers_stored

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Model = Any  # a class with OutboxModelMixin

_MARIADB = MySQLIdentifierPreparer(MySQLDialect(paramstyle="format"))

CHUNK = 5_000
"""How many rows one statement names; drivers bound the number of parameters, the tightest to 32,766."""


def scope_of(model: Model) -> str:
    """The scope of the leases on the partitions of a table."""
    return f"outbox:{model.__table__.fullname}"


def pending(model: Model, value: int = 1) -> Any:
    """The condition for rows that are to be sent (1), or parked or blocked (0)."""
    # Literals: with a parameter a database cannot see that the index holds what is asked for.
    return model.pending == literal_column(str(value))


def free(model: Model) -> Any:
    """The condition for rows that are not held."""
    return or_(model.lease_until.is_(None), model.lease_until <= database_now())


def blocked(model: Model) -> Any:
    """Whether an earlier message of the key is not sent now, for a row of ``model``."""
    earlier = aliased(model)
    held = select(literal_column("1", Integer)).where(
        earlier.message_key == model.message_key,
        earlier.lease_until > database_now(),
        earlier.due_at.is_(None),
        earlier.id < model.id,
    )
    # By its statistics MariaDB may come to prefer a walk through the table for every row: 1 s in place of 25 ms.
    index = _MARIADB.quote(f"ix_{model.__tablename__}_held").replace("%", "%%")  # a hint is a pattern
    for dialect in MARIADB_NAMES:
        held = held.with_hint(earlier, f"FORCE INDEX ({index})", dialect)
    # The order makes the index worth more than the table, also when most of the table is held.
    first = held.order_by(earlier.lease_until).limit(1).correlate(model).scalar_subquery()
    return and_(model.message_key.is_not(None), model.due_at.is_(None), first.is_not(None))


def busy(model: Model, partitions: Sequence[int]) -> Any:
    """Those of ``partitions`` with anything that is not settled; found by a dive into the index for each."""
    return select(model.partition_no).where(pending(model), model.partition_no.in_(partitions)).distinct()


@lru_cache
def queued(model: Model, count: int) -> Any:
    """The messages of ``count`` partitions, in their order, that can be sent now or are blocked.

    The partitions are the parameters ``p0``, ``p1`` …; of each at most ``each`` rows, and ``share`` of them scheduled,
    of all at most ``limit``. Putting the statement together takes longer than to run it: it is kept.
    """
    limit, each, share = (bindparam(name, type_=Integer) for name in ("limit", "each", "share"))
    some: list[Any] = []
    for place in range(count):
        partition = bindparam(f"p{place}", type_=SmallInteger)
        mine = select(model.id, literal_column(str(place), Integer).label("place")).where(
            pending(model), model.partition_no == partition, free(model)
        )
        some += [
            mine.where(model.due_at <= database_now()).order_by(model.due_at, model.id).limit(share).subquery(),
            mine.where(model.due_at.is_(None)).order_by(model.id).limit(each).subquery(),
        ]
    found = union_all(*(select(part) for part in some)).limit(limit).subquery()
    return (
        select(*columns(model), blocked(model).label("blocked"))
        .join(found, found.c.id == model.id)
        .order_by(found.c.place, model.due_at, model.id)
    )


def columns(model: Model) -> list[Any]:
    """What is read of a row."""
    return [
        model.id,
        model.partition_no,
        model.message_id,
        model.event_name,
        model.event_version,
        model.topic,
        model.message_key,
        model.content_type,
        model.compression,
        model.headers,
        model.body,
        model.attempts,
        model.due_at.is_not(None).label("scheduled"),
        model.lease_until.is_not(None).label("was_held"),
    ]


def ended(status: EventStatus) -> dict[str, Any]:
    """The values of a row whose message was sent or dropped."""
    return {
        "status": status,
        "pending": None,
        "settled_at": database_now(),
        "lease_owner": None,
        "lease_until": None,
    }


def failed(model: Model, error: str, retry_in: float | None) -> Any:
    """Let a row be tried again later, or park it."""
    values: dict[str, Any] = {"attempts": model.attempts + 1, "last_error": error, "lease_owner": None}
    if retry_in is None:
        values |= {
            "status": EventStatus.PARKED,
            "pending": 0,
            "parked_at": database_now(),
            "lease_until": FOREVER,
        }
    else:
        values |= {"status": EventStatus.NOT_PRODUCED, "lease_until": database_in(retry_in)}
    return update(model).values(values)


def set_aside(model: Model, ids: Sequence[int]) -> Any:
    """Set rows aside that are still blocked."""
    still = pending(model) & model.id.in_(ids) & blocked(model)
    return without_session_sync(update(model).where(still).values(pending=0, lease_until=FOREVER))


def followers(model: Model, key: str) -> Any:
    """The rows that are set aside for ``key``, without the parked ones that they are set aside behind."""
    return and_(model.message_key == key, model.lease_until == FOREVER, pending(model, 0), model.parked_at.is_(None))


def without_session_sync(statement: Any) -> Any:
    """``statement``, executed without a search for objects of the session that it changes: there are none."""
    return statement.execution_options(synchronize_session=False)


def chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """``ids`` in parts that one statement can name."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def message_of(row: Any) -> QueuedMessage:
    """What was read."""
    return QueuedMessage(
        id=row.id,
        partition=row.partition_no,
        envelope=envelope_of(row),
        compression=row.compression,
        attempts=row.attempts,
        scheduled=bool(row.scheduled),
        blocked=bool(row.blocked),
        was_held=bool(row.was_held),
    )


def envelope_of(row: Any) -> Envelope:
    """The message of a row, as it is stored."""
    headers: dict[str, str] = headers_stored(row.headers) if row.headers != "{}" else {}
    return Envelope(
        message_id=row.message_id,
        name=row.event_name,
        version=row.event_version,
        topic=row.topic,
        body=row.body,
        key=row.message_key,
        content_type=row.content_type,
        content_encoding=headers.pop("content-encoding", None),
        headers=headers,
    )
