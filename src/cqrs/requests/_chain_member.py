"""Reads what the members of a chain declare, without building or calling one."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin

from cqrs._introspection.callables import is_async, named_parameters, unwrapped_function
from cqrs._introspection.generics import runtime_class, type_arguments
from cqrs._introspection.type_text import resolved_annotations, short_name
from cqrs.errors.wiring import WiringError, WiringProblem
from cqrs.requests.cor_request_handler import CORRequestHandler

if TYPE_CHECKING:
    from collections.abc import Iterator

_AS_FUNCTION = "async def card(request: Pay, next) -> Paid | None"


@dataclass(frozen=True)
class ChainMember:
    """A handler class or a handler function, with the types that it declares: ``Any`` if it declares none.

    ``parameters`` are those that a call passes, the request first.
    """

    subject: Any
    parameters: tuple[tuple[str, Any], ...]
    response: Any

    @property
    def is_class(self) -> bool:
        """Whether it is a ``CORRequestHandler`` class, and not a function."""
        return isinstance(self.subject, type)

    @property
    def request(self) -> Any:
        """The annotation of the request."""
        return self.parameters[0][1]

    def message_classes(self) -> dict[str, list[type]]:
        """Return the classes in its request and in its response, without those of the standard library."""
        return {"request": [*_classes(self.request)], "response": [*_classes(self.response)]}


def read_chain(handlers: Any) -> tuple[ChainMember, ...]:
    """Return the members of a chain. Raises ``WiringError`` with everything that is wrong with ``handlers``."""
    if isinstance(handlers, type | str) or not isinstance(handlers, Iterable):
        problem = f"it was given {_kind(handlers)}, not a list of handlers"
        raise WiringError([WiringProblem("CoRMermaid", problem, "Pass a list, even for one handler")])
    chain: list[Any] = [*handlers]
    if not chain:
        remedy = "Pass the handlers in the order in which they are tried"
        raise WiringError([WiringProblem("CoRMermaid", "the chain is empty", remedy)])
    found = [(number, _mistake(handler)) for number, handler in enumerate(chain, 1)]
    problems = [WiringProblem(f"CoRMermaid, handler {number}", *mistake) for number, mistake in found if mistake]
    if problems:
        raise WiringError(problems)
    return tuple(_class_member(h) if isinstance(h, type) else _function_member(h) for h in chain)


def _mistake(handler: Any) -> tuple[str, str] | None:
    name, kind = short_name(handler), _kind(handler)
    if isinstance(handler, type):
        if issubclass(handler, CORRequestHandler) and handler is not CORRequestHandler:
            return None
        remedy = "Derive it from CORRequestHandler[YourRequest, YourResponse]"
        return f"{name} is not derived from CORRequestHandler", remedy
    if isinstance(handler, CORRequestHandler):
        return f"it is {kind}", "Pass the class itself"
    if not callable(handler):
        return f"it is {kind}", f"Pass a CORRequestHandler class or a function `{_AS_FUNCTION}`"
    if not is_async(handler):
        return f"the function {name} is not async", f"Write it as `{_AS_FUNCTION}`"
    return None if _parameters(handler) else (f"the function {name} takes no request", f"Write it as `{_AS_FUNCTION}`")


def _kind(thing: object) -> str:
    cls = type(thing)
    return f"the class {short_name(thing)}" if issubclass(cls, type) else f"an object of type {short_name(cls)}"


def _class_member(handler: type[CORRequestHandler[Any, Any]]) -> ChainMember:
    names, hints = _parameters(handler.handle), _annotations(handler.handle)
    name = names[1] if len(names) > 1 else "request"
    arguments: tuple[Any, ...] = type_arguments(handler, CORRequestHandler) or ()
    roles = zip(("request", "response"), arguments, strict=False)
    declared = {role: type_ for role, type_ in roles if type_ is not Any and not isinstance(type_, TypeVar)}
    request = declared.get("request", hints.get(name, Any))
    return ChainMember(handler, ((name, request),), declared.get("response", hints.get("return", Any)))


def _function_member(function: Any) -> ChainMember:
    hints = _annotations(function)
    parameters = tuple((name, hints.get(name, Any)) for name in _parameters(function))
    return ChainMember(function, parameters, hints.get("return", Any))


def _parameters(function: Any) -> list[str]:
    return [p.name for p in named_parameters(function)]


def _annotations(function: Any) -> dict[str, Any]:
    source = unwrapped_function(function)
    if not inspect.isroutine(source):
        source = type(source).__call__
    found = resolved_annotations(source, getattr(source, "__globals__", {}))
    return {name: Any if isinstance(hint, TypeVar) else hint for name, hint in found.items()}


def _classes(annotation: Any) -> Iterator[type]:
    cls, arguments = runtime_class(annotation), get_args(annotation)
    if cls is not None and cls.__module__.partition(".")[0] not in sys.stdlib_module_names:
        yield cls
    for argument in arguments[:1] if get_origin(annotation) is Annotated else arguments:
        yield from _classes(argument)
