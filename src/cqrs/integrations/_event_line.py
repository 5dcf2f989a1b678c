"""The connection to the client of an event stream, which two tasks write to and one listens on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cqrs.integrations._event_frames import KEEP_ALIVE

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Send


class ClientGone(Exception):
    """Nobody listens any more."""


class Line:
    """What two tasks write to without mixing their frames. Nothing is sent before the first frame or after the last."""

    def __init__(self, send: Send, head: Message, opening: bytes) -> None:
        self.started = False
        self._send, self._head, self._opening = send, head, opening
        self._ended = False
        self._lock = asyncio.Lock()
        self._clock = asyncio.get_running_loop().time
        self._used = self._clock()

    async def write(self, data: bytes, *, last: bool = False) -> None:
        """Send one frame. Raises ``ClientGone`` where the server says so."""
        async with self._lock:
            if self._ended:
                return
            self._ended = last
            try:
                if not self.started:
                    self.started, data = True, self._opening + data
                    await self._send(self._head)
                await self._send({"type": "http.response.body", "body": data, "more_body": not last})
            except OSError as error:
                raise ClientGone from error
            self._used = self._clock()

    async def stay_alive(self, interval: float) -> None:
        """Send a comment whenever nothing else has been sent for ``interval`` seconds. Never returns."""
        while True:
            rest = self._used + interval - self._clock()
            if rest > 0:
                await asyncio.sleep(rest)
            else:
                await self.write(KEEP_ALIVE)


async def until_gone(receive: Receive) -> None:
    """Returns when the client has gone. Most servers tell so only to those who ask; writing to it goes on working."""
    while (await receive())["type"] != "http.disconnect":
        pass
