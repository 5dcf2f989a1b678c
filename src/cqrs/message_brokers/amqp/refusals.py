"""The messages for which RabbitMQ closes a channel or a connection, and so interrupts all others."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aio_pika.abc import AbstractMessage

_TOO_LARGE = re.compile(r"message size \d+ is larger than configured max size (\d+)")
_NO_RIGHT = re.compile(r"access to topic '(.*)' in exchange '(.*)' in vhost")
_FRAME = 8  # bytes of a frame around what is in it
_HEADER = 12  # bytes of a content header before its properties
_LONGEST_NAME = 128  # bytes of the name of a header; the driver cuts longer ones
_AFTERMATH = 5.0  # seconds in which the driver may still use a channel that was closed
_REMEMBERED = 30.0  # seconds; an operator may change the server


class Refusals:
    """Recognizes messages that the server would refuse before they are sent, by their size and by earlier refusals.

    The server does not publish its size limit or the permissions of a user: at the first such message it closes the
    channel with the reason. Messages that were unconfirmed then are sent again; the next such message is not sent.
    """

    def __init__(self, largest: int) -> None:
        self._closed_at = float("-inf")
        self._largest = largest
        self._of_server: tuple[int, float] = (largest, 0.0)
        self._topics: dict[tuple[str, str], float] = {}

    def learn_from(self, error: BaseException | None) -> bool:
        """Remember the refusal in ``error``, which closed a channel; returns whether it was not known yet."""
        text, now = str(error), asyncio.get_running_loop().time()
        known = (self._of_server[0], len(self._topics))
        if found := _TOO_LARGE.search(text):
            self._of_server = (int(found[1]), now + _REMEMBERED)
        elif found := _NO_RIGHT.search(text):
            self._topics[found[2], found[1]] = now + _REMEMBERED
        else:
            return False
        self._closed_at = now
        return known != (self._of_server[0], len(self._topics))

    def have_just_closed_a_channel(self) -> bool:
        """Whether messages that were unconfirmed may have failed because of a refusal of another one."""
        return asyncio.get_running_loop().time() < self._closed_at + _AFTERMATH

    def problem(self, message: AbstractMessage, exchange: str, topic: str, frame: int) -> str | None:
        """Why the server would refuse ``message``, or ``None``; ``frame`` is the maximum size of a frame, in bytes."""
        largest, until = self._of_server
        now = asyncio.get_running_loop().time()
        limit = min(self._largest, largest) if now < until else self._largest
        if len(message.body) > limit:
            return f"its {len(message.body)} bytes are more than {limit}"
        if self._topics and now < self._topics.get((exchange, topic), 0.0):
            return f"the user has no right to write to the topic {topic!r} of the exchange {exchange!r}"
        return _header_problem(message, frame)


def _header_problem(message: AbstractMessage, frame: int) -> str | None:
    size = 4096  # more than all other properties need
    for name, value in message.headers.items():
        if len(name.encode()) > _LONGEST_NAME:
            return f"the name of the header {name[:40]!r}… is longer than {_LONGEST_NAME} bytes"
        size += 4 * (len(name) + len(value)) + 8 if isinstance(value, str) else frame
    if size < frame:
        return None
    exact = len(message.properties.marshal()) + _HEADER + _FRAME
    return f"its headers take {exact} bytes, and a frame of the server holds {frame}" if exact > frame else None
