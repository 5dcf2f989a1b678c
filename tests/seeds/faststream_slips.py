"""What FastStream has taken away since the documents were written."""

from __future__ import annotations

import inspect
from typing import Any

from faststream import AckPolicy
from faststream.kafka import KafkaBroker


def accept_auto_commit() -> None:
    """Let `subscriber` take `auto_commit=False`, which FastStream 0.7 calls `ack_policy=AckPolicy.MANUAL`."""
    subscriber = KafkaBroker.subscriber
    if "auto_commit" in inspect.signature(subscriber).parameters:
        return

    def accepting(self: KafkaBroker, *topics: str, auto_commit: bool = True, **settings: Any) -> Any:
        if not auto_commit:
            settings["ack_policy"] = AckPolicy.MANUAL
        return subscriber(self, *topics, **settings)

    KafkaBroker.subscriber = accepting  # type: ignore[method-assign,assignment]
