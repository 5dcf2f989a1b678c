# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
# --- seed ---
import typing
import asyncio
import di
import cqrs
from cqrs.requests import bootstrap
from cqrs.requests.request_handler import StreamingRequestHandler
from cqrs.message_brokers import devnull
class ProcessFilesCommand(cqrs.Request):
    file_ids: list[str]
class FileResult(cqrs.Response):
    file_id: str
    status: str
class FileDone(cqrs.DomainEvent):
    file_id: str
class OnFileDone(cqrs.EventHandler[FileDone]):
    async def handle(self, event: FileDone) -> None:
        return
def domain_events(m: cqrs.EventMap) -> None:
    m.bind(FileDone, OnFileDone)
class ProcessFilesHandler(StreamingRequestHandler[ProcessFilesCommand, FileResult]):
    def __init__(self) -> None:
        self._events: list[cqrs.Event] = []
    @property
    def events(self) -> list[cqrs.Event]:
        return self._events
    async def handle(
        self, request: ProcessFilesCommand,
    ) -> typing.AsyncIterator[FileResult]:
        for file_id in request.file_ids:
            await asyncio.sleep(0.01) # simulate work
            self._events.append(FileDone(file_id=file_id))
            yield FileResult(file_id=file_id, status="ok") # one chunk per file
mediator = bootstrap.bootstrap_streaming(
    di_container=di.Container(),
    commands_mapper=lambda m: m.bind(ProcessFilesCommand, ProcessFilesHandler),
    domain_events_mapper=domain_events,
    message_broker=devnull.DevnullMessageBroker(), # swap for real broker if you publish from here
    max_concurrent_event_handlers=5,
)
async def run_stream() -> None:
    async for chunk in mediator.stream(
        ProcessFilesCommand(file_ids=["1", "2", "3"]),
    ):
        if chunk:
            print(chunk.file_id, chunk.status)
# --- end ---
