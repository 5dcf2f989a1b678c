"""Step 1, what was asked: requests on pydantic, on dataclasses, or on a class of your own."""

from __future__ import annotations

import typing
from typing import Any, Generic

from typing_extensions import TypeVar

from cqrs._introspection.generics import type_arguments
from cqrs._messages.message import DataclassMessage, IMessage, PydanticMessage

# Covariant: a type checker that expects `Answer | None` still sees that `Request[Answer]` gives it.
ResT_co = TypeVar("ResT_co", default=Any, covariant=True)


class IRequest(IMessage):
    """A command or a query of any class."""


class Request(PydanticMessage, IRequest, Generic[ResT_co]):
    """A command or a query, validated by pydantic.

    ``class CreateUser(Request[UserCreated])`` also says what the answer is: a type checker then infers it from
    ``await mediator.send(CreateUser(...))``, and a handler that declares another answer is found at start.
    """


class DCRequest(DataclassMessage, IRequest, Generic[ResT_co]):
    """A command or a query on a standard dataclass: decorate your subclass with ``@dataclasses.dataclass``.

    ``DCRequest[UserCreated]`` declares the answer, as ``Request[UserCreated]`` does.
    """


PydanticRequest = Request


def declared_response(request_type: type) -> Any:
    """The ``R`` of ``Request[R]`` or ``DCRequest[R]`` above ``request_type``; ``Any`` where none is declared."""
    arguments = type_arguments(request_type, DCRequest) or _pydantic_arguments(request_type, Request)
    declared = arguments[0] if arguments else Any
    return Any if isinstance(declared, typing.TypeVar) else declared


def _pydantic_arguments(cls: type, base: type) -> tuple[Any, ...] | None:
    """What ``type_arguments`` tells, for models: pydantic makes a class of each ``Model[X]`` and notes it there."""
    filled: dict[Any, Any] = {}
    for parent in cls.__mro__:
        generic = parent.__dict__.get("__pydantic_generic_metadata__")
        if generic and generic["origin"]:
            arguments = tuple(filled.get(a, a) if isinstance(a, typing.TypeVar) else a for a in generic["args"])
            if generic["origin"] is base:
                return arguments
            filled.update(zip(generic["origin"].__pydantic_generic_metadata__["parameters"], arguments, strict=False))
    return None
