"""What handlers of a message do: one row in the transaction of the inbox, in either of two ways, or nothing."""

from __future__ import annotations

import uuid  # noqa: TC003  # mapped when the class is made
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, event, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import cqrs

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

    from benchmarks.durable.shop import OrderPlaced


_WAITING = "effects"
_INSERT = text(
    "INSERT INTO effects (message_id, number) SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS bigint[]))"
)


class Base(DeclarativeBase):
    """The tables of the business."""


class Effect(Base):
    """What one message left behind."""

    __tablename__ = "effects"

    message_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)


async def add_object(placed: OrderPlaced) -> None:
    """Add an object, as most business code does: the session inserts those of a batch when it is committed."""
    _session().add(Effect(message_id=placed.event_id, number=placed.payload["order"]))


async def add_values(placed: OrderPlaced) -> None:
    """Put the values aside; those of a batch go in by one statement, right before the commit."""
    session = _session()
    waiting: list[tuple[uuid.UUID, int]] | None = session.info.get(_WAITING)
    if waiting is None:
        waiting = session.info[_WAITING] = []
        event.listen(session.sync_session, "before_commit", _insert_waiting)
    waiting.append((placed.event_id, placed.payload["order"]))


async def do_nothing(_placed: OrderPlaced) -> None:
    """Leave only the mark in the inbox."""


def _session() -> AsyncSession:
    unit = cqrs.current_unit_of_work()
    assert unit is not None  # noqa: S101  # the consumer has opened it
    session: AsyncSession = unit.session
    return session


def _insert_waiting(session: Session) -> None:
    ids, numbers = zip(*session.info.pop(_WAITING), strict=True)
    session.execute(_INSERT, {"ids": list(ids), "numbers": list(numbers)})
