"""Pull messages from consumers of NATS JetStream."""

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
_LOOK = 0.01
_LATE = 1.0  # seconds; the server ends each request at its expiry, so a request still open after this was lost


class NatsPull:
    """Pulls from durable consumers over one session.

    At most one request is open for each consumer. A message that arrives late for a request is returned first by the
    next :meth:`fetch`.
    """

    def __init__(self, client: Client, jetstream: JetStreamContext, consumers: Sequence[tuple[str, str]]) -> None:
        self.lost: str | None = None
        self.client = client
        self._jetstream = jetstream
        self._consumers = consumers  # streams and names
        self._inbox = client.new_inbox()
        self._messages: deque[Msg] = deque()
        self._changed = asyncio.Event()
        self._open: dict[int, tuple[int, float]] = {}  # by consumer: how many messages may still arrive, and until when

    async def start(self) -> None:
        """Subscribe to the answers of later requests."""
        await self.client.subscribe(f"{self._inbox}.*", cb=self._arrived)  # pyright: ignore[reportUnknownMemberType]  # the driver's

    async def fetch(self, limit: int, timeout: float) -> list[Msg]:  # noqa: ASYNC109  # it returns, and does not raise, when time is over
        """The messages that have arrived, at most ``limit``; waits up to ``timeout`` seconds for the first."""
        if not self._messages:
            self._changed.clear()
            for number in range(len(self._consumers)):
                await self._request(number, limit, timeout)
            if self.lost is None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(timeout):
                        await self._changed.wait()
        return [self._messages.popleft() for _ in range(min(limit, len(self._messages)))]

    def put_back(self, messages: Sequence[Msg]) -> None:
        """Return ``messages`` first from the next :meth:`fetch`."""
        self._messages.extendleft(reversed(messages))

    def buffered(self) -> list[Msg]:
        """The messages that have arrived and were not fetched."""
        return list(self._messages)

    async def until_no_request_is_open(self, at_most: float) -> None:
        """Wait until the server has answered or ended each request, for ``at_most`` seconds."""
        end = asyncio.get_running_loop().time() + at_most
        while self._open and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110  # at the end of a source only
            await asyncio.sleep(_LOOK)

    def end(self, reason: str) -> None:
        """Note that no message can arrive any more, because of ``reason``."""
        self.lost = self.lost or reason
        self._changed.set()

    async def _request(self, number: int, limit: int, timeout: float) -> None:  # noqa: ASYNC109  # sent to the server
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
        # A request to a consumer that does not exist gets no answer.
        try:
            await self._jetstream.consumer_info(stream, name)
        except NotFoundError:
            self.end(_DELETED)

    async def _arrived(self, message: Msg) -> None:
        status = (message.headers or {}).get("Status") if not message.reply else None
        if status is None:
            self._count(message)
            self._messages.append(message)
            self._changed.set()
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
