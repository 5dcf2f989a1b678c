"""The messages and handlers of our side: they do nothing, so that only the way to them is timed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cqrs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cqrs.middlewares.base import Handle


class Answer(cqrs.Response):
    """What every handler answers with."""

    text: str


class Command(cqrs.Request[Answer]):
    """What is sent."""

    text: str


class Happened(cqrs.DomainEvent):
    """What is recorded."""

    text: str


ANSWER, COMMAND, HAPPENED = Answer(text="done"), Command(text="do"), Happened(text="done")


class Handler(cqrs.RequestHandler[Command, Answer]):
    """Answers."""

    async def handle(self, request: Command) -> Answer:
        """Answer."""
        del request
        return ANSWER


async def function(_: Command) -> Answer:
    """Answers, without a class."""
    return ANSWER


class Recording(cqrs.RequestHandler[Command, Answer]):
    """Records an event."""

    async def handle(self, request: Command) -> Answer:
        """Answer."""
        del request
        self.record(HAPPENED)
        return ANSWER


class Failing(cqrs.RequestHandler[Command, Answer]):
    """Raises."""

    async def handle(self, request: Command) -> Answer:
        """Fail."""
        raise ConnectionError


class Clock:
    """The first dependency."""


class Repository:
    """The second, which needs the first."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class Mailer:
    """The third; the workload with a request scope binds it per request."""


class Injected(cqrs.RequestHandler[Command, Answer]):
    """Has three dependencies."""

    def __init__(self, clock: Clock, repository: Repository, mailer: Mailer) -> None:
        self.clock, self.repository, self.mailer = clock, repository, mailer

    async def handle(self, request: Command) -> Answer:
        """Answer."""
        del request
        return ANSWER


class PassingOn(cqrs.CORRequestHandler[Command, Answer]):
    """The first of a chain."""

    async def handle(self, request: Command) -> Answer | None:
        """Leave it to the next one."""
        return await self.next(request)


class PassingOnToo(PassingOn):
    """The second of a chain."""


class Last(cqrs.CORRequestHandler[Command, Answer]):
    """The last of a chain."""

    async def handle(self, request: Command) -> Answer | None:
        """Answer."""
        del request
        return ANSWER


class Import(cqrs.Request[Answer]):
    """What is answered by a stream."""

    rows: int


class Importing(cqrs.StreamingRequestHandler[Import, Answer]):
    """Streams."""

    async def handle(self, request: Import) -> AsyncIterator[Answer]:
        """Yield as many chunks as there are rows."""
        for _ in range(request.rows):
            yield ANSWER


class ImportingAndRecording(cqrs.StreamingRequestHandler[Import, Answer]):
    """Streams, and records an event for every chunk."""

    async def handle(self, request: Import) -> AsyncIterator[Answer]:
        """Yield as many chunks as there are rows."""
        for _ in range(request.rows):
            self.record(HAPPENED)
            yield ANSWER


class Reaction(cqrs.EventHandler[Happened]):
    """Reacts to the event."""

    async def handle(self, event: Happened) -> None:
        """Do nothing."""


REACTIONS: tuple[type[Reaction], ...] = tuple(type(f"Reaction{number}", (Reaction,), {}) for number in range(10))


def bind_reactions(events: cqrs.EventMap) -> None:
    """Ten handlers for the event."""
    for reaction in REACTIONS:
        events.bind(Happened, reaction)


class Passing:
    """The same, as an object."""

    async def __call__(self, request: Any, handle: Handle) -> Any:
        """Pass on."""
        return await handle(request)


async def passing(request: Any, handle: Handle) -> Any:
    """The least that a middleware can be."""
    return await handle(request)
