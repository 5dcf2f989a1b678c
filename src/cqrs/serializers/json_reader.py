"""Makes messages from JSON."""

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
    """A class that knows how to be made from the fields of a JSON object."""

    @classmethod
    def from_dict(cls, **kwargs: Any) -> Self:
        """An instance with these fields."""
        ...


class JsonDeserializer(Generic[T]):
    """A function from JSON to ``model``, for example the ``value_deserializer`` of a Kafka consumer.

    ``model`` may be anything that pydantic can validate, such as ``cqrs.NotificationEvent[Payload]``, or a class with
    a ``from_dict`` of its own.
    """

    def __init__(self, model: type[T]) -> None:
        if not hasattr(model, "__origin__"):  # as generics have that are no classes
            check_class("model", model, "the class of the messages")
        self.model = model
        self._read = _reader(model)

    def __call__(self, data: str | bytes | None) -> T | DeserializeJsonError | None:
        """The message in ``data``; ``None`` where there is no data; a ``DeserializeJsonError`` if it is anything else.

        Never raises: a Kafka client whose deserializer does so cannot get past the message.
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
    # Where it is ours, pydantic does better with JSON than with a dictionary: a strict model takes text for a date.
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
    """What is wrong, without any value of the message, which may be nobody's business."""
    if isinstance(error, ValidationError):
        return without_input(error)
    return f"{type(error).__name__}, which is its __cause__"
