"""Deserializers that make messages from protobuf."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from google.protobuf.message import Message

from cqrs._introspection.generics import type_name
from cqrs._introspection.hints import Unreadable, read_hints
from cqrs.errors.deserializing import DeserializeProtobufError
from cqrs.errors.wiring import WiringError, WiringProblem

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ProtobufDeserializer"]

T = TypeVar("T")


class ProtobufDeserializer(Generic[T]):
    """A callable that makes a ``model`` from protobuf, for example the ``value_deserializer`` of a Kafka consumer.

    ``model`` has ``from_proto``. ``generated`` is the class that protoc has made, by default the one that ``proto()``
    of the model is annotated to return. Raises ``WiringError`` if that annotation names no such class.
    """

    def __init__(self, model: type[T], generated: type[Any] | None = None) -> None:
        self.model = model
        self.generated: type[Any] = generated or _annotated(model)
        self._from_proto: Callable[[Any], T] = _from_proto(model)

    def __call__(self, data: bytes | None) -> T | DeserializeProtobufError | None:
        """Return the message in ``data``, ``None`` if that is ``None``, or a ``DeserializeProtobufError`` otherwise.

        It never raises, because a Kafka client whose deserializer raises cannot get past the message. Zero bytes are a
        message whose every field has its default.
        """
        if data is None:
            return None
        try:
            return self.event(data)
        except DeserializeProtobufError as error:
            return error

    def event(self, data: bytes) -> T:
        """Return the message in ``data``. Raises ``DeserializeProtobufError`` if it is not such a message."""
        try:
            return self._from_proto(self.generated.FromString(data))
        except Exception as error:  # a from_proto may raise anything
            reason = f"{type(error).__name__}, which is its __cause__"
            raise DeserializeProtobufError(f"no {type_name(self.model)}: {reason}", type(error), data) from error


def _annotated(model: type[Any]) -> type[Any]:
    proto = getattr(model, "proto", None)
    found = None if proto is None else read_hints(proto).get("return")
    if isinstance(found, Unreadable):
        found = found.error
    if isinstance(found, type) and issubclass(found, Message) and found is not Message:
        return found
    raise _unknown(model, f"its generated class is not known: its proto() is annotated to return {found!r}")


def _from_proto(model: type[Any]) -> Callable[[Any], Any]:
    from_proto: Callable[[Any], Any] | None = getattr(model, "from_proto", None)
    if from_proto is None:
        raise _unknown(model, "it has no from_proto()")
    return from_proto


def _unknown(model: type[Any], problem: str) -> WiringError:
    remedy = "Pass the class that protoc has made, or annotate proto() with it where it can be seen at run time"
    return WiringError([WiringProblem(type_name(model), problem, remedy)])
