"""Step 1: base classes of requests: on pydantic, on dataclasses, or for a class of your own."""

from __future__ import annotations

import typing
from typing import Any, Generic

from typing_extensions import TypeVar

from cqrs._introspection.generics import type_arguments
from cqrs._messages.message import DataclassMessage, IMessage, PydanticMessage

# Covariant, so that a type checker accepts `Request[Response]` where a response `Response | None` is expected.
ResT_co = TypeVar("ResT_co", default=Any, covariant=True)


class IRequest(IMessage):
    """A command or a query of any class."""


class Request(PydanticMessage, IRequest, Generic[ResT_co]):
    """A command or a query that pydantic validates.

    ``class CreateUser(Request[UserCreated])`` also declares the response: a type checker then infers it from
    ``await mediator.send(CreateUser(...))``, and a handler that declares another response is reported at start.
    """


class DCRequest(DataclassMessage, IRequest, Generic[ResT_co]):
    """A command or a query on a standard dataclass: decorate your subclass with ``@dataclasses.dataclass``.

    ``DCRequest[UserCreated]`` declares the response, as ``Request[UserCreated]`` does.
    """


PydanticRequest = Request


def declared_response(request_type: type) -> Any:
    """Return the ``R`` of ``Request[R]`` or ``DCRequest[R]`` from which ``request_type`` derives; ``Any`` without."""
    arguments = type_arguments(request_type, DCRequest) or _pydantic_arguments(request_type, Request)
    declared = arguments[0] if arguments else Any
    return Any if isinstance(declared, typing.TypeVar) else declared


def _pydantic_arguments(cls: type, base: type) -> tuple[Any, ...] | None:
    """Like ``type_arguments``, for pydantic models: pydantic makes a class of each ``Model[X]``, with its arguments."""
    filled: dict[Any, Any] = {}
    for parent in cls.__mro__:
        generic = parent.__dict__.get("__pydantic_generic_metadata__")
        if generic and generic["origin"]:
            arguments = tuple(filled.get(a, a) if isinstance(a, typing.TypeVar) else a for a in generic["args"])
            if generic["origin"] is base:
                return arguments
            filled.update(zip(generic["origin"].__pydantic_generic_metadata__["parameters"], arguments, strict=False))
    return None
