"""Reads and checks what a request is bound to: a handler, a chain of handlers, or a handler with a fallback."""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any, cast

from cqrs._arguments import problem_with_handle
from cqrs._introspection.callables import is_async, is_async_generator
from cqrs._introspection.generics import can_be, type_arguments, type_name, type_names
from cqrs.circuit_breaker.protocol import circuit_of
from cqrs.errors.wiring import WiringError, WiringProblem
from cqrs.handlers.function import handler_class
from cqrs.handlers.recorder import misused_name
from cqrs.requests.cor_request_handler import CORRequestHandler
from cqrs.requests.fallback import RequestHandlerFallback
from cqrs.requests.request import declared_response
from cqrs.requests.request_handler import RequestHandler, StreamingRequestHandler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.circuit_breaker.protocol import ICircuitBreaker


@dataclasses.dataclass(frozen=True, slots=True)
class HandlerBinding:
    """One handler class."""

    handler: type
    streaming: bool

    @property
    def handlers(self) -> tuple[type, ...]:
        """Every class that has to be built for a request."""
        return (self.handler,)


@dataclasses.dataclass(frozen=True, slots=True)
class ChainBinding:
    """The members of a chain of responsibility, in their order."""

    handlers: tuple[type, ...]
    streaming: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class FallbackBinding:
    """A handler and its fallback."""

    primary: type
    fallback: type
    streaming: bool
    failure_exceptions: tuple[type[Exception], ...]
    circuit_breaker: ICircuitBreaker | None
    circuit: type | str

    @property
    def handlers(self) -> tuple[type, ...]:
        """Every class that has to be built for a request."""
        return (self.primary, self.fallback)


_BASES = (RequestHandler, CORRequestHandler, StreamingRequestHandler)

Binding = HandlerBinding | ChainBinding | FallbackBinding


def read_binding(request_type: type, bound: object) -> Binding:
    """Return the binding of ``request_type`` to ``bound``. Raises ``WiringError`` with everything that is wrong."""
    if not isinstance(request_type, type):  # pyright: ignore[reportUnnecessaryIsInstance]  # it is what a user has bound
        raise WiringError([WiringProblem(type_name(request_type), "it is not a class", "Bind each class on its own")])
    if isinstance(bound, RequestHandlerFallback):
        return _read_fallback(request_type, bound)
    if isinstance(bound, list | tuple):
        return _read_chain(request_type, cast("Sequence[object]", bound))
    handler = bound if isinstance(bound, type) else _from_function(bound, _base_of(bound))
    if _derives(handler, CORRequestHandler):
        return ChainBinding((_checked(request_type, handler, CORRequestHandler),))
    return HandlerBinding(_checked(request_type, handler, None), _is_streaming(handler))


def _read_fallback(request_type: type, bound: RequestHandlerFallback) -> FallbackBinding:
    first, second = (read_binding(request_type, h) for h in (bound.primary, bound.fallback))
    circuit = circuit_of(bound, request_type)
    if not (isinstance(first, HandlerBinding) and isinstance(second, HandlerBinding)):
        problem, remedy = "a fallback takes two single handlers", "Put the fallback at the end of the chain instead"
    elif first.streaming != second.streaming:
        problem, remedy = "one of the two streams and the other does not", "Let both stream, or neither"
    else:
        return FallbackBinding(
            first.handler, second.handler, first.streaming, bound.failure_exceptions, bound.circuit_breaker, circuit
        )
    raise WiringError([WiringProblem(f"the fallback bound to {type_name(request_type)}", problem, remedy)])


def _read_chain(request_type: type, bound: Sequence[object]) -> ChainBinding:
    members: list[type] = []
    problems: list[WiringProblem] = []
    if not bound:
        remedy = "List the handlers in the order to try them"
        problems.append(WiringProblem(f"the chain bound to {type_name(request_type)}", "it has no member", remedy))
    for member in bound:
        try:
            handler = member if isinstance(member, type) else _from_function(member, CORRequestHandler)
            members.append(_checked(request_type, handler, CORRequestHandler))
        except WiringError as error:
            problems += error.problems
    if problems:
        raise WiringError(problems)
    return ChainBinding(tuple(members))


def _base_of(function: object) -> Any:
    return StreamingRequestHandler if is_async_generator(function) else RequestHandler


def _from_function(function: object, base: Any) -> type:
    if not (is_async(function) or is_async_generator(function)):
        remedy = "Bind a handler class, an `async def` function, or a list of them"
        raise WiringError([WiringProblem(type_name(function), "it is not an async function", remedy)])
    return handler_class(function, base)


def _derives(handler: type, base: Any) -> bool:
    return issubclass(handler, base)


def _is_streaming(handler: type) -> bool:
    return _derives(handler, StreamingRequestHandler) or is_async_generator(getattr(handler, "handle", None))


def _checked(request_type: type, handler: type, member_of: type | None) -> type:
    """Return ``handler``. Raises ``WiringError`` if it cannot handle ``request_type``."""
    problem = _problem_with(request_type, handler, member_of) or misused_name(handler)
    if problem is not None:
        of, asked = type_names(handler, request_type)
        raise WiringError([WiringProblem(f"{of} bound to {asked}", *problem)])
    return handler


def _problem_with(request_type: type, handler: type, member_of: type | None) -> tuple[str, str] | None:  # noqa: PLR0911  # one return for each mistake
    if member_of is not None and not _derives(handler, member_of):
        return f"it is in a chain but no {member_of.__name__}", f"Derive it from {member_of.__name__}"
    handle: object = getattr(handler, "handle", None)
    if handle is None:
        return "it has no method handle", "Derive it from RequestHandler, StreamingRequestHandler or CORRequestHandler"
    if getattr(handler, "_cqrs_handles", None) == "events":
        return "it handles events", "Bind it to an event, in domain_events_mapper or events_mapper"
    if inspect.isabstract(handler):
        missing = ", ".join(sorted(getattr(handler, "__abstractmethods__", ())))
        return f"it is abstract ({missing})", "Implement what is missing, or bind the class that does"
    base: Any = next((b for b in _BASES if _derives(handler, b)), None)
    if base in (None, StreamingRequestHandler) and is_async_generator(handle):
        pass
    elif base is StreamingRequestHandler:
        return "its handle does not yield", "Make it an async generator, or derive it from RequestHandler"
    elif not is_async(handle):
        return "its handle is not a coroutine", "Declare it with `async def` and return the response"
    arguments = type_arguments(handler, base) if base is not None else None
    answered, answer = arguments if arguments is not None else (Any, Any)
    if not can_be(request_type, answered):
        meant = type_names(answered, request_type)[0]
        return f"it answers {meant}", f"Bind it to {meant}, or change its type arguments"
    expected = declared_response(request_type)
    if not can_be(answer, expected):
        given, declared = type_names(answer, expected)
        return f"it answers with {given}, the request declares {declared}", "Make the two agree"
    return problem_with_handle(handler)
