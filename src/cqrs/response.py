"""What a handler answers with: on pydantic, on dataclasses, or on a class of your own."""

from __future__ import annotations

from cqrs._messages.message import DataclassMessage, IMessage, PydanticMessage


class IResponse(IMessage):
    """An answer of any class."""


class Response(PydanticMessage, IResponse):
    """An answer, validated by pydantic."""


class DCResponse(DataclassMessage, IResponse):
    """An answer on a standard dataclass: decorate your subclass with ``@dataclasses.dataclass``."""


PydanticResponse = Response
