"""The endpoint, in one line and by hand. Both send the same data."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import fastapi
import fastapi.responses

import cqrs
from cqrs.integrations.fastapi import EventStream, sse
from examples.fastapi_streaming.files import ProcessFiles, make_streaming_mediator


@asynccontextmanager
async def lifespan(app: fastapi.FastAPI) -> AsyncGenerator[None, None]:
    """Build the mediator, and close at the end what the container keeps open."""
    async with cqrs.Resolver() as container:
        app.state.streams = make_streaming_mediator(container)
        yield


async def streams_of(request: fastapi.Request) -> cqrs.StreamingRequestMediator:
    """The one mediator of the process."""
    streams: cqrs.StreamingRequestMediator = request.app.state.streams
    return streams


Mediator = Annotated[cqrs.StreamingRequestMediator, fastapi.Depends(streams_of)]

app = fastapi.FastAPI(title="Files", lifespan=lifespan)


@app.post("/process-files")
async def process_files(command: ProcessFiles, mediator: Mediator) -> EventStream:
    """Process files; the answer tells how it goes."""
    return sse(mediator.stream(command))


@app.post("/process-files-by-hand")
async def process_files_by_hand(command: ProcessFiles, mediator: Mediator) -> fastapi.responses.StreamingResponse:
    """The same, for those who want to write the events themselves."""

    async def generate_sse() -> AsyncIterator[str]:
        yield f"data: {json.dumps({'type': 'start', 'message': 'Processing...'})}\n\n"
        async for result in mediator.stream(command):
            yield f"data: {json.dumps({'type': 'progress', 'data': result.model_dump()})}\n\n"
        yield f"data: {json.dumps({'type': 'complete'})}\n\n"

    return fastapi.responses.StreamingResponse(generate_sse(), media_type="text/event-stream")
