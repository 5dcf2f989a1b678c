"""Step 1 of the flow: the mediators, which an application calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from cqrs.dispatcher.event import EventDispatcher
from cqrs.dispatcher.request import RequestDispatcher
from cqrs.dispatcher.streaming import StreamingRequestDispatcher
from cqrs.dispatcher.turn import turn_setup
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
    """Calls the handlers of commands and queries, and routes the events that they record.

    Built by ``cqrs.requests.bootstrap.bootstrap``, or directly from its parts; then ``container`` may be left out if
    the ``event_emitter`` has one. Raises ``WiringError`` if the bindings cannot work. It is safe to share between the
    tasks of one event loop; each ``send`` gets handlers of its own.
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
        setup = turn_setup(container, processor, middleware_chain, request_map)
        kept = setup.injector.kept()
        self._dispatcher = RequestDispatcher(request_map, setup)
        self._turns: dict[type, Callable[[Any], Coroutine[Any, Any, Any]]] = request_map.plan_caches.add(kept)

    # The second overload is for mypy: if the response has the wrong type, mypy tries the next overload, and without
    # this one it would find no mistake in `name: str = await mediator.send(...)`.
    @overload
    async def send(self, request: Request[R] | DCRequest[R]) -> R: ...
    @overload
    async def send(self, request: Request[Any] | DCRequest[Any]) -> object: ...
    @overload
    async def send(self, request: Q, answered_by: type[RequestHandler[Q, R]]) -> R: ...
    @overload
    async def send(self, request: object) -> Any: ...
    async def send(self, request: object, answered_by: type | None = None) -> Any:
        """Call the handler of ``request`` and return its response.

        It returns after the events that the handler recorded have been handled and sent. Raises
        ``RequestHandlerDoesNotExist`` if nothing is bound for its type. Errors of the handler, an event handler or the
        broker are raised unchanged. If the handler raises, none of its events is emitted; for an error of an event
        handler see ``cqrs.events.event_processor``.

        A type checker takes the type of the response from ``Request[Response]``. For a request that does not declare
        it, such as a plain dataclass, ``answered_by`` names the handler to take it from; ``RequestHandlerTypeError``
        is raised if another handler is bound.
        """
        turn = self._turns.get(type(request))
        if turn is None:
            turn = self._turns[type(request)] = self._dispatcher.compile(self._dispatcher.type_of(request))
        if answered_by is not None:
            self._dispatcher.require(type(request), answered_by)
        return await turn(request)


class StreamingRequestMediator:
    """Calls streaming handlers of requests, and routes the events that they record after each chunk.

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
        setup = turn_setup(container, processor, middleware_chain, request_map)
        kept = setup.injector.kept()
        self._dispatcher = StreamingRequestDispatcher(request_map, setup)
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
        """Return an async generator of the chunks that the handler of ``request`` yields.

        A chunk is yielded after the events that were recorded before it have been handled. Errors of the bindings are
        raised at the call, as by ``send``; errors of the handler, an event handler or the broker while iterating, and
        earlier chunks stay valid. A consumer that stops early should close the generator (``contextlib.aclosing``):
        this closes the handler at its ``yield``, and then the request scope.
        """
        request_type = type(request)
        turn = self._turns.get(request_type)
        if turn is None:
            turn = self._turns[request_type] = self._dispatcher.compile(self._dispatcher.type_of(request))
        if answered_by is not None:
            self._dispatcher.require(request_type, answered_by)
        return turn(request)


class EventMediator:
    """Calls the handlers of events that came in from outside, and routes the events that these record.

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
        setup = turn_setup(container, processor, middleware_chain)
        self._receive = EventDispatcher(setup).compile()
        self._emitter = emitter

    def handles(self, event_type: type) -> bool:
        """Whether a handler is bound for ``event_type``. Raises ``WiringError`` if its bindings cannot work."""
        return bool(self._emitter.route(event_type).reactions)

    @property
    def messages(self) -> Sequence[type]:
        """Return the types of notification events for which a handler is bound."""
        return [bound for bound in self._emitter.event_map if INotificationEvent in bound.__mro__]

    @property
    def outbox(self) -> EventOutbox | None:
        """Return the outbox for the notifications of its handlers, if it has one."""
        return self._emitter.outbox

    @property
    def sends_without_outbox(self) -> bool:
        """Whether notifications are sent to a broker without an outbox, so that a crash can lose them."""
        return self._emitter.message_broker is not None and self._emitter.outbox is None

    async def send(self, event: Any) -> None:
        """Call all handlers that are bound to the type of ``event``.

        It returns when they and the handlers of the events they recorded are done, and the notifications among these
        are sent. Raises the first error of a handler, so that the consumer does not acknowledge the message. An event
        without a handler is logged at the level debug, and the hook ``event_unhandled`` is called.
        """
        await self._receive(event)
