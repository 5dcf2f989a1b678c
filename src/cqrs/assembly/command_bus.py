"""Assembly: a command bus for plain dataclasses and async functions, on the dispatcher of the mediators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs._arguments import is_class
from cqrs.assembly.wiring import assemble
from cqrs.dispatcher.validation import validate
from cqrs.events.event_emitter import EventEmitter
from cqrs.mediator import RequestMediator
from cqrs.middlewares.base import MiddlewareChain
from cqrs.requests.map import RequestMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cqrs.middlewares.base import Middleware
    from cqrs.outbox.database import OutboxDatabase


class CommandBus:
    """Calls, for each command, the one handler that is registered for its type.

    A handler is an ``async`` function or method that takes the command, or anything else that ``RequestMap.bind``
    accepts. Other parameters of a function are injected by ``container``. With a ``database`` each command is one
    transaction of it, and recorded notifications go into its outbox. Raises ``WiringError`` for middlewares that cannot
    work with a ``database``.
    """

    def __init__(
        self,
        container: Any = None,
        middlewares: Iterable[Middleware] = (),
        *,
        database: OutboxDatabase | None = None,
    ) -> None:
        parts = assemble(container, middlewares=middlewares, database=database)
        self._injector, self._map = parts.emitter.injector, parts.request_map
        self._mediator = RequestMediator(self._map, event_emitter=parts.emitter, middleware_chain=parts.chain)

    def register(self, command_type: type, handler: type | Callable[..., Any]) -> None:
        """Call ``handler`` for commands of ``command_type``.

        Raises ``WiringError``, and changes nothing, if that cannot work or if another handler is registered already.
        """
        trial = RequestMap()
        known = self._map.get(command_type, handler) if is_class(command_type) else handler
        for registered in (known, handler):
            trial.bind(command_type, registered)
        validate(self._injector, EventEmitter(), MiddlewareChain(), trial)
        self._map.bind(command_type, handler)

    async def dispatch(self, command: Any) -> Any:
        """Return the response to ``command``. Raises ``RequestHandlerDoesNotExist`` if no handler is registered."""
        return await self._mediator.send(command)
