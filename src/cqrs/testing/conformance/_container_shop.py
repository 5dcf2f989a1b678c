"""The small application with which containers are tried out: a payment that is written down over a connection."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable  # noqa: TC003  # containers read the annotations at run time
from typing import Any, Literal, Protocol

from cqrs.events.event import DomainEvent
from cqrs.events.event_handler import EventHandler
from cqrs.requests.request import Request
from cqrs.requests.request_handler import RequestHandler, StreamingRequestHandler


class Refused(Exception):
    """What a handler raises where it is asked to."""


class CloseFailed(Exception):
    """What closing a ledger raises where it is asked to."""


class Journal:
    """What happened, line by line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.opened = 0
        self._changed = asyncio.Event()

    def write(self, line: str) -> None:
        """Note that this happened."""
        self.lines.append(line)
        self._changed.set()

    async def reached(self, line: str) -> None:
        """Wait until it has happened."""
        while line not in self.lines:
            self._changed.clear()
            await self._changed.wait()


class Connection:
    """Writes with its name on it."""

    def __init__(self, journal: Journal) -> None:
        journal.opened += 1
        self.name = f"connection {journal.opened}"
        self.journal = journal

    def write(self, line: str) -> None:
        """Write down what happened on this connection."""
        self.journal.write(f"{line} {self.name}")


class Ledger(ABC):
    """A port."""

    @abstractmethod
    def enter(self, line: str) -> None:
        """Write down what happened."""


class SqlLedger(Ledger):
    """An implementation of the port."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def enter(self, line: str) -> None:
        """Write down what happened, on the connection."""
        self.connection.write(line)


class Rates(Protocol):
    """Another port, without an implementation."""

    def today(self) -> int:
        """The rate of today."""
        ...


class Clock:
    """A class that needs nothing."""


class NeedsClock:
    """A class that needs another one."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class WithDefaults:
    """A class that can do without most of what it takes."""

    def __init__(
        self, clock: Clock, retries: int = 3, note: str | None = None, *, ledger: Ledger | None = None
    ) -> None:
        self.clock = clock
        self.rest = (retries, note, ledger)


class NeedsBoth:
    """A class of which one part is built before the other."""

    def __init__(self, connection: Connection, ledger: Ledger) -> None:
        self.parts = (connection, ledger)


class NeedsTwoInterfaces:
    """A class that lacks two things where nothing is bound."""

    def __init__(self, ledger: Ledger, rates: Rates) -> None:
        self.parts = (ledger, rates)


class Pay(Request[str]):
    """The command, with what its handler is to do."""

    then: Literal["answer", "fail", "fail later", "hang"] = "answer"


class Paid(DomainEvent):
    """What follows."""

    fails: bool = False


class PayHandler(RequestHandler[Pay, str]):
    """Answers with the name of its connection."""

    def __init__(self, ledger: Ledger, connection: Connection) -> None:
        self.ledger = ledger
        self.connection = connection

    async def handle(self, request: Pay) -> str:
        """Write it down, and do as told."""
        self.ledger.enter("handle on")
        if request.then == "fail":
            raise Refused
        if request.then == "hang":
            await asyncio.Event().wait()
        self.record(Paid(), Paid(fails=request.then == "fail later"))
        return self.connection.name


class PayInParts(StreamingRequestHandler[Pay, str]):
    """Answers in two parts."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    async def handle(self, request: Pay) -> AsyncGenerator[str, None]:
        """Write both down, and fail if told."""
        for part in ("first", "second"):
            self.ledger.enter(f"{part} on")
            self.record(Paid())
            yield part
        if request.then == "fail":
            raise Refused


class TellCustomer(EventHandler[Paid]):
    """Reacts on the connection of the request."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def handle(self, event: Paid) -> None:
        """Write it down, and fail if told."""
        self.connection.write("event on")
        if event.fails:
            raise Refused


class TellAccountant(EventHandler[Paid]):
    """Reacts to the same event."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def handle(self, event: Paid) -> None:
        """Write it down."""
        del event
        self.connection.write("booked on")


def connections(journal: Journal) -> Callable[..., AsyncGenerator[Connection, Any]]:
    """A factory of connections that writes down what becomes of them."""

    async def connect() -> AsyncGenerator[Connection, Any]:
        connection = Connection(journal)
        connection.write("open")
        error: BaseException | None = None
        try:
            error = yield connection  # some containers raise the error here, others send it
        except BaseException as raised:
            error = raised
            raise
        finally:
            connection.write("close" if error is None else f"after {type(error).__name__} close")

    return connect


def ledgers(journal: Journal, failure: type[Exception] | None = None) -> Callable[..., AsyncGenerator[Ledger, Any]]:
    """A factory of ledgers over connections that writes down what becomes of them, and raises ``failure`` at last."""

    async def open_ledger(connection: Connection) -> AsyncGenerator[Ledger, Any]:
        journal.write("open ledger")
        try:
            yield SqlLedger(connection)
        finally:
            journal.write("close ledger")
        if failure is not None:
            raise failure

    return open_ledger
