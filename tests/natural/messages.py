"""What the tiny programs of the sweep say to each other, and the tables that they write to."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import cqrs

TOPIC = "told"
ARRIVALS = "arrivals"


class Base(DeclarativeBase):
    pass


class Row(Base):
    """An effect. One that happens twice is there twice."""

    __tablename__ = "effects"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))


class Taken(Base):
    """A name that can be taken once; `TAKEN` is, in every fresh database."""

    __tablename__ = "taken"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)


TAKEN = "taken"


class OwnSession(AsyncSession):
    """The session class of a team, as SQLModel's is one."""


class Start(cqrs.Request[str]):
    """What each program is asked for."""


class StartChain(cqrs.Request[str]):
    """As `Start`, answered by a chain."""


class StartWithFallback(cqrs.Request[str]):
    """As `Start`, answered by a handler with a stand-in."""


class StartStream(cqrs.Request[str]):
    """As `Start`, answered in chunks."""


class Inner(cqrs.Request[str]):
    """What a handler asks for."""

    name: str = "inner"


class Count(cqrs.Request[int]):
    """The number of effects of a name."""

    name: str


class Happened(cqrs.DomainEvent):
    """What a handler has done, for the handlers of this process."""


class Told(cqrs.NotificationEvent[str]):
    """What a handler has done, for other services."""

    event_name: str = "told"


class Arrived(cqrs.NotificationEvent[str]):
    """What another service has done. `payload` is the program to run, or `INNOCENT`."""

    event_name: str = "arrived"


INNOCENT = "innocent"
"""The neighbour of the message that a program is about, in the same batch."""

REGISTRY = cqrs.EventRegistry()
REGISTRY.register(Told, "told")
REGISTRY.register(Arrived, "arrived")


class ProgramError(Exception):
    """What a program itself raises."""


class Kaput(ProgramError):
    """What fails on purpose in the programs."""


def fail() -> None:
    raise Kaput


class LeftEarly(ProgramError):
    """The consumer of a stream has gone away."""


class StillWaiting(ProgramError):
    """A consumer takes an error for an outage, and tries the batch again and again."""
