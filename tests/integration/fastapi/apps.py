"""The same stream, sent by an endpoint as users have written it so far, and by the helper."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import fastapi
import fastapi.responses

import cqrs  # noqa: TC001  # FastAPI reads the annotations of its routes when the program runs
from cqrs.integrations.fastapi import install_error_handlers, sse
from tests.integration.fastapi.imports import Import, ProcessFilesCommand  # noqa: TC001  # as above

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def by_hand(run: Import) -> fastapi.FastAPI:
    """The endpoint of the documents, as it is there."""
    app = fastapi.FastAPI()

    def streaming_mediator_factory() -> cqrs.StreamingRequestMediator:
        return run.mediator

    @app.post("/process-files")
    async def process_files_stream(
        command: ProcessFilesCommand,
        mediator: cqrs.StreamingRequestMediator = fastapi.Depends(streaming_mediator_factory),  # noqa: B008, FAST002
    ) -> fastapi.responses.StreamingResponse:
        async def generate_sse() -> AsyncIterator[str]:
            yield f"data: {json.dumps({'type': 'start', 'message': 'Processing...'})}\n\n"
            async for result in mediator.stream(command):
                sse_data = {
                    "type": "progress",
                    "data": result.model_dump(),
                }
                yield f"data: {json.dumps(sse_data)}\n\n"
            yield f"data: {json.dumps({'type': 'complete'})}\n\n"

        return fastapi.responses.StreamingResponse(
            generate_sse(),
            media_type="text/event-stream",
        )

    return app


def by_helper(run: Import, **options: Any) -> fastapi.FastAPI:
    app = fastapi.FastAPI()
    install_error_handlers(app)

    @app.post("/process-files")
    async def process_files(command: ProcessFilesCommand) -> fastapi.responses.StreamingResponse:
        return sse(run.mediator.stream(command), **options)

    return app
