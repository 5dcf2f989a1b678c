"""Streams that never end by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator  # noqa: TC003  # read when the program runs
from contextlib import asynccontextmanager
from typing import Annotated

import fastapi
import fastapi.responses

import cqrs
from cqrs.integrations.fastapi import EventStream, sse
from cqrs.requests.bootstrap import bootstrap_streaming


class Tick(cqrs.Response):
    number: int


class Watch(cqrs.Request[Tick]):
    ticks: int = 1


class Session:
    pass


async def session() -> AsyncGenerator[Session, None]:
    try:
        yield Session()
    finally:
        await asyncio.sleep(0.05)
        print("session closed", flush=True)  # noqa: T201


class WatchHandler(cqrs.StreamingRequestHandler[Watch, Tick]):
    def __init__(self, session: Session) -> None:
        self._session = session

    async def handle(self, request: Watch) -> AsyncIterator[Tick]:
        for number in range(request.ticks):
            yield Tick(number=number)
        print("waiting", flush=True)  # noqa: T201
        await asyncio.Event().wait()


@asynccontextmanager
async def lifespan(app: fastapi.FastAPI) -> AsyncIterator[None]:
    async with cqrs.Resolver() as container:
        container.bind(Session, session, lifetime="request")
        app.state.streams = bootstrap_streaming(container, commands_mapper=lambda m: m.bind(Watch, WatchHandler))
        yield
    print("lifespan ended", flush=True)  # noqa: T201


def streams_of(request: fastapi.Request) -> cqrs.StreamingRequestMediator:
    streams: cqrs.StreamingRequestMediator = request.app.state.streams
    return streams


Streams = Annotated[cqrs.StreamingRequestMediator, fastapi.Depends(streams_of)]

app = fastapi.FastAPI(lifespan=lifespan)


@app.get("/ticks")
async def ticks(streams: Streams, count: int = 1) -> EventStream:
    return sse(streams.stream(Watch(ticks=count)))


@app.get("/ticks-by-hand")
async def ticks_by_hand(streams: Streams) -> fastapi.responses.StreamingResponse:
    async def told() -> AsyncIterator[str]:
        async for tick in streams.stream(Watch()):
            yield f"data: {tick.number}\n\n"

    return fastapi.responses.StreamingResponse(told(), media_type="text/event-stream")
