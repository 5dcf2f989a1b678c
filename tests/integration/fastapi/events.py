"""Reads Server-Sent Events as a browser does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(frozen=True)
class ServerEvent:
    """One event: its name and its data, the lines joined."""

    name: str
    text: str

    @property
    def data(self) -> Any:
        return json.loads(self.text)


async def read_events(lines: AsyncIterator[str]) -> AsyncIterator[ServerEvent]:
    """The events in `lines`; comments are skipped, an event that the connection cuts off is not given out."""
    name, data = "message", list[str]()
    async for line in lines:
        key, _, value = line.partition(": ")
        if key == "event":
            name = value
        elif key == "data":
            data.append(value)
        elif line == "":
            if data:
                yield ServerEvent(name, "\n".join(data))
            name, data = "message", []
        else:
            assert key == "", f"{line!r} is no line of an event"


async def events_of(text: str) -> list[ServerEvent]:
    """All events in the body of a response."""

    async def lines() -> AsyncIterator[str]:
        for line in text.split("\n")[:-1]:
            yield line

    return [event async for event in read_events(lines())]
