"""The former path of ``LogWakeUps``: the error of an import names what to use instead."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "LogWakeUps":
        raise ImportError(
            "LogWakeUps was removed: leave wake_up= of OutboxRelay out, or pass 'notify'. A NOTIFY wakes a relay as "
            "soon, and needs neither a replication slot nor psycopg2.",
            name=__name__,
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
