"""Publishing events to their handlers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from benchmarks.shop import COMMAND, HAPPENED, REACTIONS, Recording, bind_reactions
from benchmarks.workload import Target, Work, Workload
from benchmarks.workloads.send import sending
from cqrs.events import bootstrap

if TYPE_CHECKING:
    import cqrs

_mediator: cqrs.EventMediator = bootstrap.bootstrap(events_mapper=bind_reactions)


async def _received(times: int) -> None:
    for _ in range(times):
        await _mediator.send(HAPPENED)


async def _reactions(times: int) -> None:
    for _ in range(times):
        for reaction in REACTIONS:
            await reaction().handle(HAPPENED)


async def _handler_and_reactions(times: int) -> None:
    for _ in range(times):
        handler = Recording()
        await handler.handle(COMMAND)
        for event in handler.events:
            for reaction in REACTIONS:
                await reaction().handle(event)


async def _handler_and_tasks(times: int) -> None:
    for _ in range(times):
        handler = Recording()
        await handler.handle(COMMAND)
        for event in handler.events:
            async with asyncio.TaskGroup() as tasks:
                for reaction in REACTIONS:
                    tasks.create_task(reaction().handle(event))


WORKLOADS = (
    Workload(
        "events",
        "a request whose handler records an event with ten handlers; limit: all eleven called by hand",
        ours=Work(sending(Recording, domain_events_mapper=bind_reactions)),
        limit=Work(_handler_and_reactions),
        peer=Work("10 event handlers"),
        targets=(Target("peer", 5),),
    ),
    Workload(
        "events-tasks",
        "the same, the ten at the same time; limit: a task for each of them",
        ours=Work(sending(Recording, domain_events_mapper=bind_reactions, max_concurrent_event_handlers=10)),
        limit=Work(_handler_and_tasks),
        peer=Work("10 at a time"),
    ),
    Workload(
        "event-mediator",
        "an event from outside with ten handlers; limit: the ten called by hand",
        ours=Work(_received),
        limit=Work(_reactions),
        peer=Work("event mediator"),
    ),
)
