"""The connection to the client of an event stream: two tasks write to it, and one waits for its end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cqrs.integrations._event_frames import KEEP_ALIVE

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Send


class ClientGone(Exception):
    """The client has closed its connection."""


class Client:
    """Sends frames to the client. Several tasks may write; a frame is sent whole, and nothing after the last one."""

    def __init__(self, send: Send, head: Message, opening: bytes) -> None:
        self.started = False
        self._send, self._head, self._opening = send, head, opening
        self._ended = False
        self._lock = asyncio.Lock()
        self._clock = asyncio.get_running_loop().time
        self._used = self._clock()

    async def write(self, data: bytes, *, last: bool = False) -> None:
        """Send one frame; the first one begins the response. Raises ``ClientGone`` if the server reports it."""
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
    """Return when the client has gone. Most servers report it only here; writes to such a client go on working."""
    while (await receive())["type"] != "http.disconnect":
        pass
