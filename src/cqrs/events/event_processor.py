"""Step 3: the router of events, for requests, streams, sagas and consumed messages.

Domain events are handled breadth-first: an event that a handler records is handled after all events that were recorded
before it. Notifications are sent, in the order of their recording, when all handlers of the turn have returned.

If a handler raises, the turn fails: no further handler is started, those that run at the same time may finish, no
notification is sent, and the error is raised unchanged in the caller, with a note that names handler and event. If
several handlers fail at the same time, the error of the first in order is raised; the hook ``event_handler_failed`` is
called for each.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cqrs._arguments import Needed, check, check_number
from cqrs._tasks.blocks import add_note
from cqrs._tasks.cancellation import is_cancelled
from cqrs.observability.hooks import report
from cqrs.unit_of_work.stack import current_unit_of_work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.container.protocol import Container
    from cqrs.events.event_emitter import EventEmitter, Reaction

    Job = tuple[Reaction, object]


_EMITTER = Needed("a cqrs.EventEmitter", ("route", "publish", "injector"))


class EventProcessor:
    """Routes events.

    At most ``max_concurrent_event_handlers`` handlers of one turn run at the same time; if
    ``concurrent_event_handle_enable`` is false, one. Handlers that run at the same time share the request scope. Within
    a unit of work they always run one after the other, because a session is for one task.
    """

    def __init__(
        self,
        event_emitter: EventEmitter,
        max_concurrent_event_handlers: int = 1,
        concurrent_event_handle_enable: bool = True,  # noqa: FBT001, FBT002  # the established signature
    ) -> None:
        check("event_emitter", event_emitter, _EMITTER)
        check_number("max_concurrent_event_handlers", max_concurrent_event_handlers, 1, whole=True)
        self.emitter = event_emitter
        self._limit = max_concurrent_event_handlers if concurrent_event_handle_enable else 1

    async def emit_events(self, events: Sequence[object], scope: Container | None = None) -> None:
        """Route ``events``, which were recorded in this process, and the events that their handlers record.

        Handlers are built in the request scope ``scope``; without one, a scope is opened for this call.
        """
        if scope is None:
            async with self.emitter.injector.scope() as opened:
                await self._run(events, opened)
        else:
            await self._run(events, scope)

    async def receive(self, event: object, scope: Container) -> None:
        """Call the handlers of ``event``, which came in from outside, and route the events that they record."""
        reactions = self.emitter.route(type(event)).reactions
        if not reactions:
            self.emitter.unhandled(event)
            return
        await self._run(await self._react([(reaction, event) for reaction in reactions], scope), scope)

    async def _run(self, events: Sequence[object], scope: Container) -> None:
        leaving: list[object] = []
        while events:
            jobs: list[Job] = []
            for event in events:
                route = self.emitter.route(type(event))
                if route.leaves:
                    leaving.append(event)
                elif route.reactions:
                    jobs += [(reaction, event) for reaction in route.reactions]
                else:
                    self.emitter.unhandled(event)
            events = await self._react(jobs, scope)
            if events:
                await asyncio.sleep(0)  # else an endless chain of events could not be cancelled
        await self.emitter.publish(*leaving)

    async def _react(self, jobs: list[Job], scope: Container) -> list[object]:
        if self._limit > 1 and len(jobs) > 1 and current_unit_of_work() is None:
            return await self._react_concurrently(jobs, scope)
        follow_ups: list[object] = []
        for reaction, event in jobs:
            try:
                follow_ups.extend(await reaction.call(event, scope))
            except Exception as error:
                self._failed(reaction, event, error)
                raise
        return follow_ups

    async def _react_concurrently(self, jobs: list[Job], scope: Container) -> list[object]:
        recorded: list[Sequence[object]] = [()] * len(jobs)
        failures: dict[int, BaseException] = {}
        waiting = iter(enumerate(jobs))

        async def work() -> None:
            for index, (reaction, event) in waiting:
                if failures or is_cancelled():
                    return
                try:
                    recorded[index] = await reaction.call(event, scope)
                except (KeyboardInterrupt, SystemExit):
                    raise
                except BaseException as error:  # a TaskGroup would wrap it in a group
                    if isinstance(error, asyncio.CancelledError) and is_cancelled():
                        raise  # this task was cancelled, and not something that the handler awaited
                    self._failed(reaction, event, error)
                    failures[index] = error  # raised below, when the others have finished

        async with asyncio.TaskGroup() as workers:
            for _ in range(min(self._limit, len(jobs))):
                workers.create_task(work())
        if failures:
            try:
                raise failures[min(failures)]
            finally:
                failures.clear()  # the error refers to this frame: both would live until a garbage collection
        return [event for events in recorded for event in events]

    def _failed(self, reaction: Reaction, event: object, error: BaseException) -> None:
        add_note(error, f"raised by {reaction.handler.__qualname__} while it handled {type(event).__qualname__}")
        report(self.emitter.hooks.event_handler_failed, event, reaction.handler, error)
