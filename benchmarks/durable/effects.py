"""What handlers of a message do: nothing, or one row in the transaction of the inbox."""

from __future__ import annotations

import uuid  # noqa: TC003  # mapped when the class is made
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import cqrs

if TYPE_CHECKING:
    from benchmarks.durable.shop import OrderPlaced


class Base(DeclarativeBase):
    """The tables of the business."""


class Effect(Base):
    """What one message left behind."""

    __tablename__ = "effects"

    message_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)


async def write_row(event: OrderPlaced) -> None:
    """Add a row, as business code does: the session inserts those of a batch when it is committed."""
    unit = cqrs.current_unit_of_work()
    assert unit is not None  # noqa: S101  # the consumer has opened it
    unit.session.add(Effect(message_id=event.event_id, number=event.payload["order"]))


async def do_nothing(event: OrderPlaced) -> None:
    """Leave only the mark in the inbox."""
