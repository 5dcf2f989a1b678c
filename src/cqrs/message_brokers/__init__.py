"""Brokers, which carry notification events to other services, and sources, which receive them."""

import typing

from cqrs._lazy_names import lazy_names as _lazy_names

if typing.TYPE_CHECKING:
    from cqrs.message_brokers.devnull import DevnullMessageBroker
    from cqrs.message_brokers.memory.broker import MemoryMessageBroker
    from cqrs.message_brokers.protocol import Message, MessageBroker

__all__ = ["DevnullMessageBroker", "MemoryMessageBroker", "Message", "MessageBroker"]

_NAMES_IN = {
    "cqrs.message_brokers.devnull": ("DevnullMessageBroker",),
    "cqrs.message_brokers.memory.broker": ("MemoryMessageBroker",),
    "cqrs.message_brokers.protocol": ("Message", "MessageBroker"),
}

if not typing.TYPE_CHECKING:  # else a type checker accepts any name
    __getattr__, __dir__ = _lazy_names(__name__, _NAMES_IN)
