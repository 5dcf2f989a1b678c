"""Messages as CloudEvents, over any broker."""

from cqrs.message_brokers.cloudevents.wrappers import CloudEventsBroker, CloudEventsSource

__all__ = ["CloudEventsBroker", "CloudEventsSource"]
