"""Step 3: the map of event types to their handlers."""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any, cast

from cqrs._arguments import is_class, problem_with_handle
from cqrs._introspection.callables import is_async
from cqrs._introspection.generics import can_be, runtime_class, type_arguments, type_name, type_names
from cqrs._registries.compiled import PlanCaches
from cqrs._registries.watched import WatchedDict, WatchedList
from cqrs.circuit_breaker.protocol import circuit_of
from cqrs.errors.wiring import WiringError, WiringProblem
from cqrs.events.event_handler import EventHandler
from cqrs.events.fallback import EventHandlerFallback
from cqrs.handlers.function import handler_class
from cqrs.handlers.recorder import misused_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqrs.circuit_breaker.protocol import ICircuitBreaker


@dataclasses.dataclass(frozen=True, slots=True)
class EventBinding:
    """An event handler class, and its fallback if it has one."""

    handler: type
    fallback: type | None = None
    failure_exceptions: tuple[type[Exception], ...] = ()
    circuit_breaker: ICircuitBreaker | None = None
    circuit: type | str = ""

    @property
    def handlers(self) -> tuple[type, ...]:
        """Every class that has to be built."""
        return (self.handler,) if self.fallback is None else (self.handler, self.fallback)


class EventMap(WatchedDict[type, list[Any]]):
    """Binds each type of event to its handlers, which are called in the order of binding.

    Mistakes do not raise here: the mediator that is built on the map reports all of them at once. The map can be
    changed later, like any dict of lists; a change applies to later events.
    """

    def __init__(self) -> None:
        super().__init__()
        self._read: dict[type, list[EventBinding | WiringError]] = {}
        self._asked: dict[type, Any] = {}
        self._alike: list[WiringProblem] = []
        self.plan_caches = PlanCaches()
        self._refused: list[WiringProblem] = []
        self.on_change = self._changed

    def bind(self, event_type: type, handler_type: Any) -> None:
        """Call ``handler_type`` for events of exactly ``event_type``; subclasses have to be bound separately.

        It can be a handler class, an ``async def`` function or an ``EventHandlerFallback``. Binding the same handler
        to the same event again has no effect.
        """
        key = runtime_class(event_type) or event_type
        if not is_class(key):  # it may not even be hashable
            self._refused.append(WiringProblem(type_name(key), "it is not a class", "Bind each class on its own"))
            return
        bound = self[key] if key in self else self.setdefault(key, [])
        asked = self._asked.setdefault(key, event_type)
        if handler_type not in bound:
            if asked != event_type:
                problem = f"while the program runs it is the same class as {_shown(asked)}, which has another handler"
                remedy = "Derive a class from each, and bind and record those"
                self._alike.append(WiringProblem(_shown(event_type), problem, remedy))
            self[key].append(handler_type)

    def bindings(self, event_type: type) -> tuple[EventBinding, ...]:
        """Return the bindings of ``event_type``, possibly none. Raises ``WiringError`` if one of them is wrong."""
        read = self._readings(event_type)
        for reading in read:
            if isinstance(reading, WiringError):
                raise reading
        return tuple(reading for reading in read if isinstance(reading, EventBinding))

    def problems(self) -> list[WiringProblem]:
        """Return everything that is wrong with the bindings."""
        found = [problem for r in self._all() if isinstance(r, WiringError) for problem in r.problems]
        return [*self._refused, *self._alike, *found]

    def handlers(self) -> set[type]:
        """Return the handler classes of all bindings that are right."""
        return {handler for r in self._all() if isinstance(r, EventBinding) for handler in r.handlers}

    def _changed(self) -> None:
        for event_type, bound in self.items():
            if not isinstance(bound, WatchedList):  # the application may have set a list, or a single handler
                given: Any = bound
                watched = WatchedList[Any](cast("Any", given) if isinstance(given, list | tuple) else [given])
                watched.on_change = self._forget
                super(WatchedDict, self).__setitem__(event_type, watched)
        self._forget()

    def _forget(self) -> None:
        self._read.clear()
        self.plan_caches.clear()  # routes that mediators have compiled

    def _all(self) -> Iterator[EventBinding | WiringError]:
        for event_type in self:
            yield from self._readings(event_type)

    def _readings(self, event_type: type) -> list[EventBinding | WiringError]:
        if event_type not in self._read:
            self._read[event_type] = [_read(event_type, bound) for bound in self.get(event_type, ())]
        return self._read[event_type]


def _read(event_type: type, bound: Any) -> EventBinding | WiringError:
    try:
        if isinstance(bound, EventHandlerFallback):
            primary, fallback = (_handler(event_type, h) for h in (bound.primary, bound.fallback))
            circuit = circuit_of(bound, event_type)
            return EventBinding(primary, fallback, bound.failure_exceptions, bound.circuit_breaker, circuit)
        return EventBinding(_handler(event_type, bound))
    except WiringError as error:
        return error


def _shown(event_type: Any) -> str:
    """Return the name of a class, with its type arguments."""
    return type_name(event_type) if isinstance(event_type, type) else str(event_type)


def _handler(event_type: type, bound: object) -> type:
    if not isinstance(event_type, type):  # pyright: ignore[reportUnnecessaryIsInstance]  # it is what a user has bound
        raise WiringError([WiringProblem(type_name(event_type), "it is not a class", "Bind each class on its own")])
    handler: Any = bound
    if callable(bound) and not isinstance(bound, type):
        handler = handler_class(bound, EventHandler, answers=False)
    problem = _problem_with(event_type, handler) or misused_name(handler)
    if problem is not None:
        of, event = type_names(bound, event_type)
        raise WiringError([WiringProblem(f"{of} bound to {event}", *problem)])
    handler_type: type = handler
    return handler_type


def _problem_with(event_type: type, handler: Any) -> tuple[str, str] | None:
    handle: object = getattr(handler, "handle", None)
    if not isinstance(handler, type) or handle is None:
        return "it cannot handle events", "Bind a subclass of EventHandler or an `async def` function, each on its own"
    if getattr(handler, "_cqrs_handles", None) == "requests":
        return "it answers requests", "Bind it to a request, in commands_mapper or queries_mapper"
    if inspect.isabstract(handler):
        return "it is abstract", "Implement handle, or bind the class that does"
    if not is_async(handle):
        return "it is not async", "Declare it with `async def`, without `yield`"
    arguments = type_arguments(handler, EventHandler)
    if arguments is not None and not can_be(event_type, arguments[0]):
        handled = type_names(arguments[0], event_type)[0]
        return f"it handles {handled}", f"Bind it to {handled}, or change its type argument"
    return problem_with_handle(handler)
