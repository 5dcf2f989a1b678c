"""Step 3: routes events: domain events to their handlers, notifications to the outbox or to the broker."""

from __future__ import annotations

import dataclasses
import logging
from functools import partial
from operator import attrgetter
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from cqrs._arguments import BROKER, HOOKS, OUTBOX, SERIALIZER, Needed, check_given
from cqrs._introspection.generics import generic_of
from cqrs.container.adopt import adopt
from cqrs.container.resolving.shortcut import NotAtOnce
from cqrs.errors.events import OpenGenericEvent
from cqrs.errors.messages import DelayNeedsOutbox
from cqrs.errors.transactions import NoOpenTransaction, TransactionEnded, UnitOfWorkStateError
from cqrs.events.event import INotificationEvent
from cqrs.events.map import EventBinding, EventMap
from cqrs.events.registry import declared_version
from cqrs.handlers.fallback import call_with_fallback
from cqrs.handlers.recorder import EventDrain, events_of, must_be_an_event
from cqrs.handlers.shared import HandlerCall, is_never_shared
from cqrs.handlers.unawaited import raise_not_awaited
from cqrs.message_brokers.protocol import MessageBroker, message_of, ready
from cqrs.observability.hooks import Hooks, report
from cqrs.unit_of_work.stack import current_unit_of_work, units_around

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from cqrs.container.protocol import Container
    from cqrs.events.event_outbox import EventOutbox
    from cqrs.message_brokers.protocol import Message
    from cqrs.serializers.protocol import Serializer

    EventCall = Callable[[Any, Container], Awaitable[Sequence[Any]]]

logger = logging.getLogger("cqrs")


@dataclasses.dataclass(frozen=True, slots=True)
class Reaction:
    """One handler of an event type, ready to be called; it returns the events that the handler recorded."""

    handler: type
    call: EventCall


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """Where the events of one type go: handlers in this process, and whether they are sent to other services."""

    reactions: tuple[Reaction, ...]
    leaves: bool


_MAP = Needed("a cqrs.EventMap()", kind=EventMap)


class EventEmitter:
    """Knows the route of every event type. A route is compiled at the first event of a type and then kept.

    ``serializer`` encodes what is sent to the broker directly; an outbox has its own. With
    ``separate_outbox_transaction``, notifications of a turn without a unit of work are stored in a transaction of
    their own: a crash between the commit of the handler and that commit loses them.
    """

    def __init__(  # noqa: PLR0913  # the first three are the established signature
        self,
        event_map: EventMap | None = None,
        container: Any = None,
        message_broker: MessageBroker | None = None,
        *,
        hooks: Hooks | None = None,
        outbox: EventOutbox | None = None,
        serializer: Serializer | None = None,
        separate_outbox_transaction: bool = False,
    ) -> None:
        check_given("event_map", event_map, _MAP)
        check_given("message_broker", message_broker, BROKER)
        check_given("hooks", hooks, HOOKS)
        check_given("outbox", outbox, OUTBOX)
        check_given("serializer", serializer, SERIALIZER)
        self.event_map = EventMap() if event_map is None else event_map
        self.container = container
        self.injector = adopt(container)
        self.hooks = hooks or Hooks()
        self.message_broker = message_broker
        self.outbox = outbox
        self._serializer = serializer
        self._separate = separate_outbox_transaction
        self._routes: dict[type, Route] = self.event_map.plan_caches.add(self.injector.kept())

    def route(self, event_type: type) -> Route:
        """Return the route of ``event_type``. Raises ``WiringError`` if its bindings cannot work."""
        route = self._routes.get(event_type)
        if route is None:
            reactions = tuple(self._reaction(binding) for binding in self.event_map.bindings(event_type))
            route = self._routes[event_type] = Route(reactions, issubclass(event_type, INotificationEvent))
        return route

    async def publish(self, *events: Any) -> None:
        """Send notifications, in their order.

        With an outbox they are added to it, in the open unit of work. Without one they are sent to the broker: after
        the commit of the open unit of work, or at once if there is none. Raises what outbox or broker raise,
        ``UnfitMessage``, ``DelayNeedsOutbox``, ``NoOpenTransaction`` if there is an outbox but no unit of work, and
        ``TransactionEnded`` if the unit has ended. With neither outbox nor broker a warning is logged, and within a
        unit of work ``UnitOfWorkStateError`` is raised.
        """
        if not events:
            return
        unit = current_unit_of_work()
        if unit is None and units_around():
            raise TransactionEnded(
                "notifications were recorded in a unit of work that was committed or rolled back before its end",
                "Leave commit and rollback to the end of the unit: let an error leave it to undo everything.",
            )
        if self.outbox is not None:
            await self._outboxed(self.outbox, events, alone=unit is None)
        elif self.message_broker is None:
            for event in events:
                name, topic = type(event).__qualname__, event.topic
                if unit is not None:  # raising undoes the unit, so that nothing is lost
                    raise UnitOfWorkStateError(
                        f"{name} for topic {topic} would be lost: this mediator has neither an outbox nor a "
                        "message_broker. Pass database=db to its bootstrap."
                    )
                logger.warning(
                    "%s for topic %s was dropped: the mediator has neither an outbox nor a message_broker. Pass "
                    "database=db to its bootstrap",
                    *(name, topic),
                )
                report(self.hooks.event_unhandled, event)
        else:
            messages = [self._at_once(event) for event in events]
            if unit is not None:
                # In a turn of another database, wait until the surrounding transaction is committed, too.
                unit = next((each for each in reversed(units_around()) if each.foreign_to is None), unit)
                unit.after_commit(partial(_send, self.message_broker, messages))
            else:
                await _send(self.message_broker, messages)

    def _at_once(self, event: Any) -> Message:
        if event.message_delay:
            raise DelayNeedsOutbox(event.event_name)
        return ready(message_of(event, declared_version(event.__class__), self._serializer))

    async def _outboxed(self, outbox: EventOutbox, events: Sequence[Any], *, alone: bool) -> None:
        if not alone:
            for event in events:
                outbox.add(event)
            return
        if not self._separate:
            raise NoOpenTransaction(f"{type(events[0]).__qualname__}, which goes into the outbox,")
        async with outbox:
            for event in events:
                outbox.add(event)
            await outbox.commit()

    def unhandled(self, event: Any) -> None:
        """Report that ``event`` has no handler. Raises ``EventClassRecorded`` or ``NoEvent`` if it is no event.

        Raises ``OpenGenericEvent`` if handlers are bound for its generic class with type arguments.
        """
        must_be_an_event(event)
        kind = event.__class__
        closed = tuple(bound for bound in self.event_map if generic_of(bound) is kind)
        if closed:
            raise OpenGenericEvent(kind, closed)
        logger.debug("%s has no handler", type(event).__qualname__)
        report(self.hooks.event_unhandled, event)

    def _reaction(self, binding: EventBinding) -> Reaction:
        primary = self._call(binding.handler)
        if binding.fallback is None:
            return Reaction(binding.handler, primary)
        fallback = self._call(binding.fallback)

        async def call(event: Any, scope: Container) -> Sequence[Any]:
            return await call_with_fallback(binding, self.hooks, binding.handler, primary, fallback, event, scope)

        return Reaction(binding.handler, call)

    def _call(self, handler_type: type[Any]) -> EventCall:
        construct = self.injector.shortcut(handler_type)
        anew = is_never_shared(handler_type, self.injector)
        recorded = events_of(handler_type) if anew else attrgetter("events")

        async def call(event: Any, scope: Container) -> Sequence[Any]:
            if construct is None:
                handler = await scope.resolve(handler_type)
            else:
                try:
                    handler = construct()
                except NotAtOnce:
                    handler = await scope.resolve(handler_type)
            if not anew:
                handler = HandlerCall(handler)
            answer = await handler.handle(event)
            if answer.__class__ is CoroutineType:
                raise_not_awaited(answer, event)
            events = recorded(handler)
            return EventDrain(handler, recorded).take(events) if events else ()

        return call


async def _send(broker: MessageBroker, messages: Sequence[Message]) -> None:
    for message in messages:
        await broker.send_message(message)
