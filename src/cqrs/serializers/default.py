"""A function that encodes any message as JSON, for clients that take a function."""

from __future__ import annotations

from typing import Any

from cqrs.envelope import encoded


def default_serializer(message: Any) -> bytes:
    """Return ``message`` as JSON, or bytes unchanged. Ids, times, decimals, models and dataclasses are supported."""
    return encoded(message)
