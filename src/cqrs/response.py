"""Base classes of responses: on pydantic, on dataclasses, or for a class of your own."""

from __future__ import annotations

from cqrs._messages.message import DataclassMessage, IMessage, PydanticMessage


class IResponse(IMessage):
    """A response of any class."""


class Response(PydanticMessage, IResponse):
    """A response that pydantic validates."""


class DCResponse(DataclassMessage, IResponse):
    """A response on a standard dataclass: decorate your subclass with ``@dataclasses.dataclass``."""


PydanticResponse = Response
