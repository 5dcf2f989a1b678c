"""Step 1: the map of request types to their handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs._arguments import is_class
from cqrs._introspection.generics import runtime_class, type_name, type_names
from cqrs._registries.compiled import PlanCaches
from cqrs._registries.watched import WatchedDict
from cqrs.errors.requests import RequestHandlerDoesNotExist
from cqrs.errors.wiring import WiringError, WiringProblem
from cqrs.requests.binding import Binding, read_binding

if TYPE_CHECKING:
    from collections.abc import Iterator


class RequestMap(WatchedDict[type, Any]):
    """Binds each type of request to its handler.

    Mistakes do not raise here: the mediator that is built on the map reports all of them at once. The map can be
    changed later, like any dict; a change applies to later requests.
    """

    def __init__(self) -> None:
        super().__init__()
        self._bindings: dict[type, Binding] = {}
        self._refused: list[WiringProblem] = []
        self.in_use = False  # a mediator was built on it
        self.plan_caches = PlanCaches()
        self.on_change = self._forget

    def bind(self, request_type: type, handler_type: Any) -> None:
        """Call ``handler_type`` for requests of exactly ``request_type``; subclasses have to be bound separately.

        It can be a handler class, an ``async def`` function (an async generator, for a stream), a list of either that
        forms a chain of responsibility, or a ``RequestHandlerFallback``. Binding the same again has no effect. Raises
        ``WiringError`` for a second handler if a mediator was built on the map before, which can no longer report it.
        """
        key = runtime_class(request_type) or request_type
        if not is_class(key):  # it may not even be hashable
            self._refuse(WiringProblem(type_name(key), "it is not a class", "Bind each class on its own"))
        elif self.setdefault(key, handler_type) != handler_type:
            first, second = type_names(self[key], handler_type)
            problem = f"it is bound to {first} and to {second}"
            self._refuse(WiringProblem(type_name(key), problem, "Keep one handler for each request"))

    def binding(self, request_type: type) -> Binding:
        """Return the binding of ``request_type``. Raises ``RequestHandlerDoesNotExist`` or ``WiringError``."""
        if request_type not in self._bindings:
            if request_type not in self:
                raise RequestHandlerDoesNotExist(request_type, list(self))
            self._bindings[request_type] = read_binding(request_type, self[request_type])
        return self._bindings[request_type]

    def problems(self) -> Iterator[WiringProblem]:
        """Yield everything that is wrong with the bindings."""
        yield from self._refused
        for request_type in self:
            try:
                self.binding(request_type)
            except WiringError as error:
                yield from error.problems

    def _refuse(self, problem: WiringProblem) -> None:
        if self.in_use:
            raise WiringError([problem])
        self._refused.append(problem)

    def _forget(self) -> None:
        self._bindings.clear()
        self.plan_caches.clear()  # turns that mediators have compiled

    def handlers(self) -> set[type]:
        """Return the handler classes of all bindings that are right."""
        return {handler for binding in self._bindings.values() for handler in binding.handlers}
