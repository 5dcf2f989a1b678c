"""An event that carries a number, and a registry that knows it."""

from __future__ import annotations

import cqrs
from cqrs.events.registry import EventRegistry

REGISTRY = EventRegistry()
REGISTRY.register(cqrs.NotificationEvent, "numbered")


def numbered(number: int) -> cqrs.NotificationEvent[int]:
    """An event with this number as its payload."""
    return cqrs.NotificationEvent(event_name="numbered", topic="numbers", payload=number)
