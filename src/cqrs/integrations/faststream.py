"""Receives events with FastStream: a decoder, and a middleware that has failed messages delivered again.

A mediator is a dependency of a subscriber like any other: ``mediator: cqrs.EventMediator =
faststream.Depends(mediator_factory)``. Works with FastStream 0.5, 0.6 and 0.7.
"""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import faststream
from faststream import BaseMiddleware
from faststream.exceptions import IgnoredException

from cqrs.integrations.faststream_inbox import Once
from cqrs.serializers.json_reader import JsonDeserializer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from cqrs.errors.deserializing import DeserializeJsonError

__all__ = ["MANUAL_ACK", "Once", "Redelivery", "event_decoder"]

T = TypeVar("T")

_policies = getattr(faststream, "AckPolicy", None)  # since 0.6

MANUAL_ACK: Mapping[str, Any] = MappingProxyType(
    {"auto_commit": False} if _policies is None else {"ack_policy": _policies.MANUAL}
)
"""For ``broker.subscriber(..., **MANUAL_ACK)``: only the subscriber itself acknowledges, with ``msg.ack()``.

FastStream 0.5 calls this ``auto_commit=False`` and 0.7 ``ack_policy=AckPolicy.MANUAL``. In 0.6 the two differ: there,
``auto_commit=False`` also acknowledges messages whose subscriber failed.
"""


def event_decoder(event_type: type[T]) -> Callable[[Any], Awaitable[T | DeserializeJsonError | None]]:
    """The ``decoder`` of a subscriber that receives ``event_type``, such as ``cqrs.NotificationEvent[Payload]``.

    The subscriber gets the event, ``None`` for a message without a body, and a ``DeserializeJsonError`` for one that
    cannot be read. If its annotation does not have these, FastStream refuses such messages. A body
    that a ``value_deserializer`` has already decoded is passed on.
    """
    deserialize = JsonDeserializer(event_type)

    async def decode(message: Any) -> T | DeserializeJsonError | None:
        body = message.body
        return deserialize(body) if body is None or isinstance(body, bytes | str) else body

    return decode


class Redelivery:
    """A middleware for the broker: a message whose subscriber fails is not acknowledged but delivered again.

    ``KafkaBroker(..., middlewares=[Redelivery()])``. The next try comes after ``pause`` seconds. Until one succeeds,
    the messages behind it in the same partition wait, so their order holds and none is lost. The same goes for a
    subscriber that is cancelled because the service ends. Handlers may therefore see an event twice.

    For Kafka subscribers that take one message at a time, with :data:`MANUAL_ACK` or ``auto_commit=False``. If a
    subscriber itself calls ``ack()``, ``nack()`` or ``reject()``, or raises FastStream's exceptions of these names,
    that decision stands.
    """

    def __init__(self, pause: float = 1.0) -> None:
        self._pause = pause

    def __call__(self, message: Any, /, **context: Any) -> BaseMiddleware:
        """FastStream calls this for each message."""
        return _Redelivering(message, self._pause, **context)


class _Redelivering(BaseMiddleware):
    def __init__(self, message: Any, pause: float, **context: Any) -> None:
        super().__init__(message, **context)
        self._pause = pause

    async def consume_scope(self, call_next: Callable[[Any], Awaitable[Any]], msg: Any) -> Any:
        try:
            return await super().consume_scope(call_next, msg)
        except IgnoredException:
            raise
        except BaseException as error:
            # Otherwise FastStream 0.6 acknowledges it, and in every release the next message that succeeds does.
            if not msg.committed:
                await msg.nack()
                if isinstance(error, Exception):
                    await asyncio.sleep(self._pause)
            raise
