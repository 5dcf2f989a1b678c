"""Step 4, which events may go into an outbox, and which name each has."""

from __future__ import annotations

from typing import Any

from cqrs._arguments import check_text
from cqrs.errors.events import UnknownEvent
from cqrs.errors.messages import OutboxedEventMismatch
from cqrs.events.event import INotificationEvent
from cqrs.events.registry import EventName, EventRegistry, default_registry


class OutboxedEventMap:
    """The registry of every outbox that is not given one of its own; ``@cqrs.event_type`` enters classes in it.

    A name stands for one type, and for what derives from it: ``cqrs.NotificationEvent`` for a notification with any
    payload. The version is the one of ``@cqrs.event_type``, else 1.
    """

    registry = default_registry

    @classmethod
    def register(cls, event_name: str, event_type: type) -> None:
        """Let ``event_type`` into outboxes under ``event_name``.

        Doing so again is harmless. Raises ``EventNameConflict`` if the name stands for another type.
        """
        check_text("event_name", event_name, "the name of the event first, then its class: register('paid', Paid)")
        cls.registry.register(event_type, event_name)

    @classmethod
    def get(cls, event_name: str, version: int = 1) -> type | None:
        """The type that ``event_name`` stands for at this version, or ``None``."""
        try:
            return cls.registry.type_of(event_name, version)
        except UnknownEvent:
            return None


def registered_name(registry: EventRegistry, event: Any) -> EventName:
    """Name and version of ``event``. Raises ``UnknownEvent`` or ``OutboxedEventMismatch`` if it is not registered."""
    actual: Any = event.__class__
    event_name: str = getattr(event, "event_name", actual.__name__)
    if INotificationEvent not in actual.__mro__:
        raise OutboxedEventMismatch(event_name, 1, INotificationEvent, actual)
    name = EventName(event_name, registry.version_of(actual))
    expected = registry.type_of(*name)
    if not issubclass(actual, expected):
        raise OutboxedEventMismatch(*name, expected, actual)
    return name
