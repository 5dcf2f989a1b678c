"""A response that sends a stream as Server-Sent Events."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from cqrs.dispatcher.cancellation import until_closed
from cqrs.integrations._event_client import Client, ClientGone, until_gone
from cqrs.integrations._event_frames import frame
from cqrs.integrations._event_stop import ServerStops, server_stop
from cqrs.integrations._problems import Problem, ProblemTable, log

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping

    from starlette.types import Message, Receive, Scope, Send

logger = logging.getLogger("cqrs")

# Neither a cache nor a proxy may hold events back to send several at once; nginx reads the second one.
_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}

_STOPPING, _LAST_FRAME = 503, 1.0  # a status, and seconds for a client that may not read any more


class EventStream(StreamingResponse):
    """Made by :func:`cqrs.integrations.fastapi.sse`, where its guarantees are described."""

    media_type = "text/event-stream"

    def __init__(
        self,
        chunks: AsyncIterable[Any],
        *,
        message: str,
        keep_alive: float | None,
        encode: Callable[[dict[str, Any]], str],
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(chunks, headers={**_HEADERS, **headers})
        self._keep_alive = keep_alive
        self._encode = encode
        self._opening = self._event("start", message=message)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises an error of the stream before the first frame; later the client gets an event."""
        head: Message = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        client = Client(send, head, self._opening)
        failure: Exception | None = None
        try:
            with server_stop() as stop:
                failure = await self._send_watched(client, scope, receive, stop)
        except* ClientGone:
            logger.debug("a client has gone before the end of its stream")
        except* ServerStops:
            failure = await self._cut_off(client)
        if failure is not None:
            raise failure
        if self.background is not None:
            await self.background()

    async def _send_watched(
        self, client: Client, scope: Scope, receive: Receive, stop: asyncio.Event
    ) -> Exception | None:
        failure: Exception | None = None
        async with asyncio.TaskGroup() as group:
            stream = asyncio.current_task()
            helpers = [
                group.create_task(_leave(ClientGone(), partial(until_gone, receive), stream)),
                group.create_task(_leave(ServerStops(), stop.wait, stream)),
            ]
            if self._keep_alive is not None:
                helpers.append(group.create_task(client.stay_alive(self._keep_alive)))
            failure = await self._send_events(client, scope)
            for helper in helpers:
                helper.cancel()
        return failure

    async def _cut_off(self, client: Client) -> Exception | None:
        if not client.started:
            return HTTPException(_STOPPING)
        with suppress(ClientGone, TimeoutError):
            async with asyncio.timeout(_LAST_FRAME):
                await client.write(self._event("error", problem=Problem(_STOPPING).body()), last=True)
        return None

    async def _send_events(self, client: Client, scope: Scope) -> Exception | None:
        # The stream is consumed in this one task: timeouts and task groups of its handler are bound to the task.
        try:
            async with _closing(self.body_iterator) as chunks:
                async for chunk in chunks:
                    await client.write(self._event("progress", data=chunk))
                    await asyncio.sleep(0)  # so that a handler that never waits can be cancelled, too
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the client has to be notified
            if not client.started:
                return error
            await client.write(self._failure(error, scope), last=True)
        else:
            await client.write(self._event("complete"), last=True)
        return None

    def _failure(self, error: Exception, scope: Scope) -> bytes:
        try:
            return self._event("error", problem=_problem(error, scope).body())
        except Exception:
            logger.exception("the problem of %s cannot be written", type(error).__qualname__)
            return self._event("error", problem=Problem(500).body())

    def _event(self, kind: str, **fields: Any) -> bytes:
        return frame(kind, self._encode({"type": kind, **fields}))


async def _leave(reason: Exception, moment: Callable[[], Awaitable[object]], stream: asyncio.Task[Any] | None) -> None:
    await moment()  # made here, because this task may be cancelled before it begins
    if stream is not None:
        await until_closed(stream)  # a cancellation would cut off what the request scope closes
    raise reason


@asynccontextmanager
async def _closing(chunks: AsyncIterable[Any]) -> AsyncGenerator[AsyncIterator[Any], None]:
    iterator = aiter(chunks)
    try:
        yield iterator
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()


def _problem(error: Exception, scope: Scope) -> Problem:
    table = getattr(getattr(scope.get("app"), "state", None), "cqrs_problems", None)
    problem = (table if isinstance(table, ProblemTable) else ProblemTable({})).find(error)
    if problem is None and isinstance(error, HTTPException):
        problem = Problem(error.status_code, detail=error.detail)
    if problem is None:
        problem = Problem(500)
    log(error, problem)
    return problem
