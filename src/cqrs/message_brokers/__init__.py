"""Step 5 of the flow: brokers carry notification events to other services."""

from cqrs.message_brokers.devnull import DevnullMessageBroker
from cqrs.message_brokers.memory.broker import MemoryMessageBroker
from cqrs.message_brokers.protocol import Message, MessageBroker

__all__ = ["DevnullMessageBroker", "MemoryMessageBroker", "Message", "MessageBroker"]
