"""A small application for the container suites: a payment that is written to a journal through a connection."""

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
    """Raised by a handler or a factory if the test wants it."""


class CloseFailed(Exception):
    """Raised when a ledger is closed, if the test wants it."""


class Journal:
    """Records what happened, line by line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.opened = 0
        self._changed = asyncio.Event()

    def write(self, line: str) -> None:
        """Add ``line``."""
        self.lines.append(line)
        self._changed.set()

    async def reached(self, line: str) -> None:
        """Wait until ``line`` has been added."""
        while line not in self.lines:
            self._changed.clear()
            await self._changed.wait()


class Connection:
    """Writes to the journal and adds its own name to each line."""

    def __init__(self, journal: Journal) -> None:
        journal.opened += 1
        self.name = f"connection {journal.opened}"
        self.journal = journal

    def write(self, line: str) -> None:
        """Write ``line`` to the journal, with the name of this connection."""
        self.journal.write(f"{line} {self.name}")


class Ledger(ABC):
    """A port."""

    @abstractmethod
    def enter(self, line: str) -> None:
        """Write ``line``."""


class SqlLedger(Ledger):
    """An implementation of the port."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def enter(self, line: str) -> None:
        """Write ``line`` through the connection."""
        self.connection.write(line)


class Rates(Protocol):
    """Another port, without an implementation."""

    def today(self) -> int:
        """The rate of today."""
        ...


class Clock:
    """A class that needs nothing."""


class NeedsClock:
    """A class that needs another class."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class WithDefaults:
    """A class of whose parameters most have a default."""

    def __init__(
        self, clock: Clock, retries: int = 3, note: str | None = None, *, ledger: Ledger | None = None
    ) -> None:
        self.clock = clock
        self.rest = (retries, note, ledger)


class NeedsBoth:
    """A class with two dependencies, of which one needs the other."""

    def __init__(self, connection: Connection, ledger: Ledger) -> None:
        self.parts = (connection, ledger)


class NeedsTwoInterfaces:
    """A class that needs two abstract types."""

    def __init__(self, ledger: Ledger, rates: Rates) -> None:
        self.parts = (ledger, rates)


class Pay(Request[str]):
    """A command; ``then`` is what its handler does after it has written to the ledger."""

    then: Literal["answer", "fail", "fail later", "hang"] = "answer"


class Paid(DomainEvent):
    """The event of a payment; its handler raises ``Refused`` if ``fails``."""

    fails: bool = False


class PayHandler(RequestHandler[Pay, str]):
    """Returns the name of its connection."""

    def __init__(self, ledger: Ledger, connection: Connection) -> None:
        self.ledger = ledger
        self.connection = connection

    async def handle(self, request: Pay) -> str:
        """Write to the ledger, and do what ``request.then`` asks for."""
        self.ledger.enter("handle on")
        if request.then == "fail":
            raise Refused
        if request.then == "hang":
            await asyncio.Event().wait()
        self.record(Paid(), Paid(fails=request.then == "fail later"))
        return self.connection.name


class PayInParts(StreamingRequestHandler[Pay, str]):
    """Returns a stream of two parts."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    async def handle(self, request: Pay) -> AsyncGenerator[str, None]:
        """Write each part to the ledger, and raise ``Refused`` at the end if ``request.then`` is "fail"."""
        for part in ("first", "second"):
            self.ledger.enter(f"{part} on")
            self.record(Paid())
            yield part
        if request.then == "fail":
            raise Refused


class TellCustomer(EventHandler[Paid]):
    """Handles the event with the connection of its scope."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def handle(self, event: Paid) -> None:
        """Write a line, and raise ``Refused`` if ``event.fails``."""
        self.connection.write("event on")
        if event.fails:
            raise Refused


class TellAccountant(EventHandler[Paid]):
    """A second handler of the same event."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def handle(self, event: Paid) -> None:
        """Write a line."""
        del event
        self.connection.write("booked on")


def connections(journal: Journal) -> Callable[..., AsyncGenerator[Connection, Any]]:
    """Make a factory of connections that records in ``journal`` when they are opened and closed."""

    async def connect() -> AsyncGenerator[Connection, Any]:
        connection = Connection(journal)
        connection.write("open")
        error: BaseException | None = None
        try:
            error = yield connection  # some containers raise an error here, others send it
        except BaseException as raised:
            error = raised
            raise
        finally:
            connection.write("close" if error is None else f"after {type(error).__name__} close")

    return connect


def ledgers(journal: Journal, failure: type[Exception] | None = None) -> Callable[..., AsyncGenerator[Ledger, Any]]:
    """Make a factory of ledgers that records when they are opened and closed; closing raises ``failure``, if given."""

    async def open_ledger(connection: Connection) -> AsyncGenerator[Ledger, Any]:
        journal.write("open ledger")
        try:
            yield SqlLedger(connection)
        finally:
            journal.write("close ledger")
        if failure is not None:
            raise failure

    return open_ledger
