"""Deserializers that make messages from JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

from pydantic import ValidationError

from cqrs._arguments import check_class
from cqrs._introspection.generics import type_name
from cqrs._messages.message import DataclassMessage, PydanticMessage
from cqrs._messages.reading import reader, without_input
from cqrs.errors.deserializing import DeserializeJsonError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

T = TypeVar("T")

_OURS = (vars(PydanticMessage)["from_dict"].__func__, vars(DataclassMessage)["from_dict"].__func__)


@runtime_checkable
class Deserializable(Protocol):
    """A class that can be made from the fields of a JSON object."""

    @classmethod
    def from_dict(cls, **kwargs: Any) -> Self:
        """Return an instance with these fields."""
        ...


class JsonDeserializer(Generic[T]):
    """A callable that makes a ``model`` from JSON, for example the ``value_deserializer`` of a Kafka consumer.

    ``model`` may be anything that pydantic can validate, such as ``cqrs.NotificationEvent[Payload]``, or a class with
    a ``from_dict`` of its own.
    """

    def __init__(self, model: type[T]) -> None:
        if not hasattr(model, "__origin__"):  # a generic with type arguments is not always a class
            check_class("model", model, "the class of the messages")
        self.model = model
        self._read = _reader(model)

    def __call__(self, data: str | bytes | None) -> T | DeserializeJsonError | None:
        """Return the message in ``data``, ``None`` if there is no data, or else a ``DeserializeJsonError``.

        It never raises, because a Kafka client whose deserializer raises cannot get past the message.
        """
        if not data:
            return None
        try:
            message: T = self._read(data)
        except Exception as error:  # noqa: BLE001  # a from_dict may raise anything
            unread = DeserializeJsonError(f"no {type_name(self.model)}: {_reason(error)}", type(error), data)
            unread.__cause__ = error
            return unread
        return message


def _reader(model: Any) -> Callable[[str | bytes], Any]:
    from_dict = getattr(model, "from_dict", None)
    # For our own from_dict pydantic reads the JSON itself: a strict model takes a text for a date only in JSON.
    if from_dict is None or getattr(from_dict, "__func__", None) in _OURS:
        read_json: Callable[[str | bytes], Any] = reader(model).validate_json
        return read_json

    def read(data: str | bytes) -> Any:
        fields = json.loads(data)
        if not isinstance(fields, dict):
            raise TypeError("a JSON object was expected")
        return from_dict(**fields)

    return read


def _reason(error: Exception) -> str:
    """Return what is wrong, without any value of the message, because it may be confidential."""
    if isinstance(error, ValidationError):
        return without_input(error)
    return f"{type(error).__name__}, which is its __cause__"
