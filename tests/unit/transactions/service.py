"""A service over a database in memory."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import cqrs
from cqrs.events.registry import EventRegistry
from cqrs.requests.bootstrap import bootstrap
from tests.helpers.errors import Deliberate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@dataclasses.dataclass(frozen=True)
class Run(cqrs.DCRequest[Any]):
    """A command whose handler does ``work`` with its recorder of events."""

    work: Callable[[cqrs.EventRecorder], Awaitable[Any]]


class Told(cqrs.NotificationEvent[str]):
    """What leaves."""

    event_name: str = "told"
    topic: str = "news"


REGISTRY = EventRegistry()
REGISTRY.register(Told, "told")


async def run(command: Run, events: cqrs.EventRecorder) -> Any:
    return await command.work(events)


def bind(requests: cqrs.RequestMap) -> None:
    requests.bind(Run, run)


class Service:
    """Notes in memory, which join the open transaction."""

    def __init__(self) -> None:
        self.db = cqrs.MemoryDatabase(registry=REGISTRY)
        self.notes: list[str] = []
        self.mediator = bootstrap(commands_mapper=bind, database=self.db)

    def write(self, what: str) -> None:
        """Write a note at the commit."""
        self.db.session.enlist(lambda: self.notes.append(what))

    async def send(self, work: Callable[[cqrs.EventRecorder], Awaitable[Any]]) -> Any:
        return await self.mediator.send(Run(work))

    def writes(self, *what: str, fails: bool = False) -> Callable[[cqrs.EventRecorder], Awaitable[None]]:
        """Work that writes ``what``, and perhaps fails then."""

        async def work(events: cqrs.EventRecorder) -> None:
            for one in what:
                self.write(one)
            if fails:
                raise Deliberate

        return work

    async def messages(self) -> list[str]:
        return [message.event.payload for message in await self.db.outbox.get_many(100)]
