"""Step 1, what was asked: requests on pydantic, on dataclasses, or on a class of your own."""

from __future__ import annotations

from typing import Any, Generic

from typing_extensions import TypeVar, get_original_bases

from cqrs._message import DataclassMessage, IMessage, PydanticMessage

ResT = TypeVar("ResT", default=Any)


class IRequest(IMessage):
    """A command or a query of any class."""


class Request(PydanticMessage, IRequest, Generic[ResT]):
    """A command or a query, validated by pydantic.

    ``class CreateUser(Request[UserCreated])`` also says what the answer is: a type checker then infers it from
    ``await mediator.send(CreateUser(...))``, and a handler that declares another answer is found at start.
    """


class DCRequest(DataclassMessage, IRequest, Generic[ResT]):
    """A command or a query on a standard dataclass: decorate your subclass with ``@dataclasses.dataclass``.

    ``DCRequest[UserCreated]`` declares the answer, as ``Request[UserCreated]`` does.
    """


PydanticRequest = Request


def declared_response(request_type: type) -> Any:
    """The ``R`` of ``Request[R]`` or ``DCRequest[R]`` above ``request_type``; ``Any`` where none is declared."""
    for cls in request_type.__mro__:
        pydantic_generic = cls.__dict__.get("__pydantic_generic_metadata__")
        if pydantic_generic and pydantic_generic["origin"] is Request:
            return pydantic_generic["args"][0]
        for base in get_original_bases(cls) if DCRequest in cls.__bases__ else ():
            if getattr(base, "__origin__", None) is DCRequest:
                return base.__args__[0]
    return Any
