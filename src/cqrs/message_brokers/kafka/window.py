"""The unacknowledged records of one partition of Kafka, while a member of a group owns it."""

from __future__ import annotations

import bisect
import dataclasses
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclasses.dataclass(eq=False, slots=True)
class Item:
    """A record, kept until it and all before it are acknowledged."""

    record: Any
    deliveries: int = 0
    due: float = 0.0
    delivered: bool = False
    done: bool = False

    @property
    def offset(self) -> int:
        """The offset of the record in its partition."""
        return int(self.record.offset)


class Window:
    """The records between the last acknowledged and the last fetched offset.

    They are delivered in the order of their offsets. A record that was given back waits until it is due, and so do
    later records of its key; other records are delivered meanwhile. Kafka stores one offset per partition and group:
    ``position`` is the offset up to which all records are acknowledged.
    """

    def __init__(self) -> None:
        self.leaving = False
        self.position: int | None = None
        self.in_flight = 0
        self._items: deque[Item] = deque()
        self._waiting: list[Item] = []

    def __len__(self) -> int:
        return len(self._items)

    def add(self, records: Iterable[Any]) -> None:
        """Add fetched ``records``, in the order of their offsets."""
        for record in records:
            item = Item(record)
            self._items.append(item)
            self._waiting.append(item)

    def ready(self, limit: int, now: float) -> list[Item]:
        """Up to ``limit`` items that may be delivered now: none once the partition is leaving."""
        if self.leaving:
            return []
        ready: list[Item] = []
        held: set[bytes] = set()
        for item in self._waiting:
            if len(ready) >= limit:
                break
            key = item.record.key
            if key in held:
                continue
            if item.due <= now:
                ready.append(item)
            elif key is not None:
                held.add(key)
        return ready

    def deliver(self, items: Iterable[Item]) -> None:
        """Mark ``items`` as delivered to the consumer."""
        for item in items:
            item.delivered = True
            item.deliveries += 1
            self.in_flight += 1
        self._waiting = [item for item in self._waiting if not item.delivered]

    def next_due(self) -> float | None:
        """When the first returned record is due, or ``None``."""
        return min((item.due for item in self._waiting if item.due and not self.leaving), default=None)

    def ack(self, item: Item) -> None:
        """Acknowledge ``item``."""
        item.done = True
        self.in_flight -= 1
        while self._items and self._items[0].done:
            self.position = self._items.popleft().offset + 1

    def nack(self, item: Item, due: float) -> None:
        """Give ``item`` back: it is delivered again at ``due``."""
        item.delivered = False
        item.due = due
        self.in_flight -= 1
        bisect.insort(self._waiting, item, key=lambda other: other.offset)
