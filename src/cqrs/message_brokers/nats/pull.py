"""Messages of NATS JetStream as they are asked for."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from typing import TYPE_CHECKING

from nats.js.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

_DELETED = "a consumer of the group has been deleted"
_HEARTBEAT, _NO_RESPONDERS = "100", "503"
_LATE = 1.0  # the server says when it has no more for a request; when it has not by then, it never got it


class NatsPull:
    """Pulls from durable consumers over one session.

    At most one request is open for each, and what comes late for one is the first to be taken by the next.
    """

    def __init__(self, client: Client, jetstream: JetStreamContext, consumers: Sequence[tuple[str, str]]) -> None:
        self.lost: str | None = None
        self.client = client
        self._jetstream = jetstream
        self._consumers = consumers  # streams and names
        self._inbox = client.new_inbox()
        self._messages: deque[Msg] = deque()
        self._something = asyncio.Event()
        self._open: dict[int, tuple[int, float]] = {}  # by consumer: what is still to come, and until when

    async def start(self) -> None:
        """Listen for what is asked for later."""
        await self.client.subscribe(f"{self._inbox}.*", cb=self._arrived)  # pyright: ignore[reportUnknownMemberType]  # the driver's

    async def take(self, limit: int, timeout: float) -> list[Msg]:  # noqa: ASYNC109  # it returns, and does not raise, when time is over
        """What has arrived, at most ``limit``; waits up to ``timeout`` seconds for the first."""
        if not self._messages:
            self._something.clear()
            for number in range(len(self._consumers)):
                await self._request(number, limit, timeout)
            if self.lost is None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(timeout):
                        await self._something.wait()
        return [self._messages.popleft() for _ in range(min(limit, len(self._messages)))]

    def put_back(self, messages: Sequence[Msg]) -> None:
        """Take them again the next time, before all others."""
        self._messages.extendleft(reversed(messages))

    def buffered(self) -> list[Msg]:
        """What has arrived and has not been taken."""
        return list(self._messages)

    def end(self, reason: str) -> None:
        """Nothing can come any more."""
        self.lost = self.lost or reason
        self._something.set()

    async def _request(self, number: int, limit: int, timeout: float) -> None:  # noqa: ASYNC109  # told to the server
        now = asyncio.get_running_loop().time()
        stream, name = self._consumers[number]
        if number in self._open:
            if self._open[number][1] > now:
                return
            await self._check(stream, name)
        self._open[number] = (limit, now + timeout + _LATE)
        request = {"batch": limit, "expires": int(timeout * 1e9)} if timeout > 0 else {"batch": limit, "no_wait": True}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}"
        await self.client.publish(subject, json.dumps(request).encode(), reply=f"{self._inbox}.{number}")

    async def _check(self, stream: str, name: str) -> None:
        # Nobody answers a request to a consumer that is not there.
        try:
            await self._jetstream.consumer_info(stream, name)
        except NotFoundError:
            self.end(_DELETED)

    async def _arrived(self, message: Msg) -> None:
        status = (message.headers or {}).get("Status") if not message.reply else None
        if status is None:
            self._count(message)
            self._messages.append(message)
            self._something.set()
        elif status == _NO_RESPONDERS or "Deleted" in (message.headers or {}).get("Description", ""):
            self.end(_DELETED)
        elif status != _HEARTBEAT:
            self._open.pop(int(message.subject.rpartition(".")[2]), None)

    def _count(self, message: Msg) -> None:
        origin = message.metadata
        number = self._consumers.index((origin.stream, origin.consumer))
        left, until = self._open.get(number, (0, 0.0))
        if left > 1:
            self._open[number] = (left - 1, until)
        else:
            self._open.pop(number, None)
