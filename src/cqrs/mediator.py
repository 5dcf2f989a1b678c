"""Step 1 of the flow: what an application calls to have something done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from cqrs.dispatcher.event import EventDispatcher
from cqrs.dispatcher.request import RequestDispatcher
from cqrs.dispatcher.streaming import StreamingRequestDispatcher
from cqrs.dispatcher.turn import turns_of
from cqrs.events.event import INotificationEvent
from cqrs.events.event_emitter import EventEmitter
from cqrs.events.event_processor import EventProcessor

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence

    from cqrs.events.event_outbox import EventOutbox
    from cqrs.events.map import EventMap
    from cqrs.middlewares.base import MiddlewareChain
    from cqrs.requests.map import RequestMap
    from cqrs.requests.request import DCRequest, Request
    from cqrs.requests.request_handler import RequestHandler, StreamingRequestHandler

Q = TypeVar("Q")
R = TypeVar("R")


class RequestMediator:
    """Brings commands and queries to their handlers, and the events of the handlers to where they go.

    Built by ``cqrs.requests.bootstrap.bootstrap``, or directly from its parts; then ``container`` may be left out
    where the ``event_emitter`` has one. Raises ``WiringError`` if what was bound cannot work. Safe to share between
    the tasks of one event loop; each ``send`` has handlers of its own.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # the established signature
        self,
        request_map: RequestMap,
        container: Any = None,
        event_emitter: EventEmitter | None = None,
        middleware_chain: MiddlewareChain | None = None,
        event_map: EventMap | None = None,
        max_concurrent_event_handlers: int = 1,
        concurrent_event_handle_enable: bool = True,  # noqa: FBT001, FBT002  # the established signature
    ) -> None:
        emitter = EventEmitter(event_map, container) if event_emitter is None else event_emitter
        processor = EventProcessor(emitter, max_concurrent_event_handlers, concurrent_event_handle_enable)
        turns = turns_of(container, processor, middleware_chain, request_map)
        kept = turns.injector.kept()
        self._dispatcher = RequestDispatcher(request_map, turns)
        self._turns: dict[type, Callable[[Any], Coroutine[Any, Any, Any]]] = request_map.plan_caches.add(kept)

    # The second overload is for mypy: where another answer is expected, it takes the next one that fits, and so would
    # find no mistake in `name: str = await mediator.send(...)`.
    @overload
    async def send(self, request: Request[R] | DCRequest[R]) -> R: ...
    @overload
    async def send(self, request: Request[Any] | DCRequest[Any]) -> object: ...
    @overload
    async def send(self, request: Q, answered_by: type[RequestHandler[Q, R]]) -> R: ...
    @overload
    async def send(self, request: object) -> Any: ...
    async def send(self, request: object, answered_by: type | None = None) -> Any:
        """Have ``request`` answered.

        Returns, awaited, what its handler returned, after the events that the handler recorded have been handled and
        sent. Raises ``RequestHandlerDoesNotExist`` if nothing is bound for its type, and whatever the handler, an
        event handler or the broker raises, as it was raised. On an error of the handler none of its events is
        emitted; for an error of an event handler see ``cqrs.events.event_processor``.

        A type checker takes the answer's type from ``Request[Answer]``. For a request that does not declare it (a
        plain dataclass, say), ``answered_by`` names the handler to take it from; ``RequestHandlerTypeError`` is
        raised if another one is bound.
        """
        turn = self._turns.get(type(request))
        if turn is None:
            turn = self._turns[type(request)] = self._dispatcher.compile(self._dispatcher.type_of(request))
        if answered_by is not None:
            self._dispatcher.require(type(request), answered_by)
        return await turn(request)


class StreamingRequestMediator:
    """Brings requests to streaming handlers, and the events of each chunk to where they go.

    Built by ``cqrs.requests.bootstrap.bootstrap_streaming``, or directly from its parts, as ``RequestMediator`` is.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # the established signature
        self,
        request_map: RequestMap,
        container: Any = None,
        event_emitter: EventEmitter | None = None,
        middleware_chain: MiddlewareChain | None = None,
        event_map: EventMap | None = None,
        max_concurrent_event_handlers: int = 10,
        concurrent_event_handle_enable: bool = True,  # noqa: FBT001, FBT002  # the established signature
    ) -> None:
        emitter = EventEmitter(event_map, container) if event_emitter is None else event_emitter
        processor = EventProcessor(emitter, max_concurrent_event_handlers, concurrent_event_handle_enable)
        turns = turns_of(container, processor, middleware_chain, request_map)
        kept = turns.injector.kept()
        self._dispatcher = StreamingRequestDispatcher(request_map, turns)
        self._turns: dict[type, Callable[[Any], AsyncGenerator[Any, None]]] = request_map.plan_caches.add(kept)

    @overload
    def stream(self, request: Request[R] | DCRequest[R]) -> AsyncGenerator[R, None]: ...
    @overload
    def stream(self, request: Request[Any] | DCRequest[Any]) -> AsyncGenerator[object, None]: ...
    @overload
    def stream(self, request: Q, answered_by: type[StreamingRequestHandler[Q, R]]) -> AsyncGenerator[R, None]: ...
    @overload
    def stream(self, request: object) -> AsyncGenerator[Any, None]: ...
    def stream(self, request: object, answered_by: type | None = None) -> AsyncGenerator[Any, None]:
        """The chunks with which ``request`` is answered.

        A chunk is given out when the events recorded before it have been handled. Raises at the call what ``send``
        raises for bindings, and while iterating what the handler, an event handler or the broker raises: chunks that
        were given out stay valid. A consumer that stops early should close the generator
        (``contextlib.aclosing``): the handler is then closed at its ``yield`` and the request scope with it.
        """
        request_type = type(request)
        turn = self._turns.get(request_type)
        if turn is None:
            turn = self._turns[request_type] = self._dispatcher.compile(self._dispatcher.type_of(request))
        if answered_by is not None:
            self._dispatcher.require(request_type, answered_by)
        return turn(request)


class EventMediator:
    """Brings events that came in from outside to their handlers, and what those record to where it goes.

    Built by ``cqrs.events.bootstrap.bootstrap``, or directly from its parts.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # the established signature
        self,
        event_map: EventMap | None = None,
        container: Any = None,
        middleware_chain: MiddlewareChain | None = None,
        event_emitter: EventEmitter | None = None,
        max_concurrent_event_handlers: int = 1,
        concurrent_event_handle_enable: bool = True,  # noqa: FBT001, FBT002  # the established signature
    ) -> None:
        emitter = EventEmitter(event_map, container) if event_emitter is None else event_emitter
        processor = EventProcessor(emitter, max_concurrent_event_handlers, concurrent_event_handle_enable)
        turns = turns_of(container, processor, middleware_chain)
        self._receive = EventDispatcher(turns).compile()
        self._emitter = emitter

    def handles(self, event_type: type) -> bool:
        """Whether a handler is bound for ``event_type``. Raises ``WiringError`` if its bindings cannot work."""
        return bool(self._emitter.route(event_type).reactions)

    @property
    def messages(self) -> Sequence[type]:
        """The types of messages for which a handler is bound."""
        return [bound for bound in self._emitter.event_map if INotificationEvent in bound.__mro__]

    @property
    def outbox(self) -> EventOutbox | None:
        """Where the notifications of its handlers go, if it has an outbox."""
        return self._emitter.outbox

    @property
    def sends_without_outbox(self) -> bool:
        """Whether notifications leave for a broker past every outbox, so that a crash can lose them."""
        return self._emitter.message_broker is not None and self._emitter.outbox is None

    async def send(self, event: Any) -> None:
        """Have ``event`` handled by everything that is bound to its type.

        Returns when the handlers, and those of the events they recorded, are done and the notifications among these
        are sent. Raises the first error of a handler, so that the consumer does not acknowledge the message. An event
        that nobody handles goes to a debug log and to the hook ``event_unhandled``.
        """
        await self._receive(event)
