"""Streaming: the cost of a chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.shop import HAPPENED, Happened, Import, Importing, ImportingAndRecording, Reaction
from benchmarks.workload import Target, Work, Workload
from cqrs.requests import bootstrap

if TYPE_CHECKING:
    import cqrs
    from benchmarks.timing import Run


def streaming(handler: Any, **options: Any) -> Run:
    """Streams from ``handler``; ``options`` are those of the bootstrap."""
    mediator = bootstrap.bootstrap_streaming(commands_mapper=lambda m: m.bind(Import, handler), **options)

    async def run(times: int) -> None:
        async for _ in mediator.stream(Import(rows=times)):
            pass

    return run


def _bind_reaction(events: cqrs.EventMap) -> None:
    events.bind(Happened, Reaction)


async def _direct(times: int) -> None:
    async for _ in Importing().handle(Import(rows=times)):
        pass


async def _direct_with_event(times: int) -> None:
    handler = ImportingAndRecording()
    async for _ in handler.handle(Import(rows=times)):
        await Reaction().handle(HAPPENED)
        handler.clear_events()


WORKLOADS = (
    Workload(
        "stream",
        "one chunk; limit: `async for` over the handler's generator",
        ours=Work(streaming(Importing)),
        limit=Work(_direct),
        peer=Work("stream"),
        targets=(Target("limit", 6),),
    ),
    Workload(
        "stream-event",
        "one chunk and the domain event recorded before it; limit: both by hand",
        ours=Work(streaming(ImportingAndRecording, domain_events_mapper=_bind_reaction)),
        limit=Work(_direct_with_event),
        peer=Work("stream, 1 event"),
    ),
)
