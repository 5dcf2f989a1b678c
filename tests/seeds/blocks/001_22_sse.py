# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import di
import fastapi.responses

import cqrs
from cqrs.message_brokers.memory import MemoryMessageBroker


class ProcessFilesCommand(cqrs.Request):
    file_ids: list[str]


class FileProcessedResult(cqrs.Response):
    file_id: str
    status: str


class FileProcessed(cqrs.DomainEvent):
    file_id: str


class ProcessFilesHandler(cqrs.StreamingRequestHandler[ProcessFilesCommand, FileProcessedResult]):
    async def handle(self, request: ProcessFilesCommand):
        for file_id in request.file_ids:
            self.record(FileProcessed(file_id=file_id))
            yield FileProcessedResult(file_id=file_id, status="completed")


class OnFileProcessed(cqrs.EventHandler[FileProcessed]):
    async def handle(self, event: FileProcessed) -> None:
        pass


container = di.Container()
broker = MemoryMessageBroker()
app = fastapi.FastAPI()


def commands_mapper(mapper: cqrs.RequestMap) -> None:
    mapper.bind(ProcessFilesCommand, ProcessFilesHandler)


def domain_events_mapper(mapper: cqrs.EventMap) -> None:
    mapper.bind(FileProcessed, OnFileProcessed)


# --- seed ---
import fastapi
import json
from cqrs.requests import bootstrap
def streaming_mediator_factory() -> cqrs.StreamingRequestMediator:
    return bootstrap.bootstrap_streaming(
        di_container=container,
        commands_mapper=commands_mapper,
        domain_events_mapper=domain_events_mapper,
        message_broker=broker,
        max_concurrent_event_handlers=3,
        concurrent_event_handle_enable=True,
    )
@app.post("/process-files")
async def process_files_stream(
    command: ProcessFilesCommand,
    mediator: cqrs.StreamingRequestMediator = fastapi.Depends(streaming_mediator_factory),
) -> fastapi.responses.StreamingResponse:
    async def generate_sse():
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
# --- end ---
