"""Any message as JSON, for a client that asks for a function."""

from __future__ import annotations

from typing import Any

from cqrs.envelope import encoded


def default_serializer(message: Any) -> bytes:
    """``message`` as JSON; bytes as they are. Ids, times, decimals, models and dataclasses have their usual form."""
    return encoded(message)
