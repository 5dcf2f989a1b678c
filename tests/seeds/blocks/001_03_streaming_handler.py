# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import cqrs
from cqrs.requests import bootstrap


class ProcessFilesCommand(cqrs.Request):
    file_ids: list[str]


class FileProcessedResult(cqrs.Response):
    file_id: str
    status: str


class FileProcessedEvent(cqrs.DomainEvent):
    file_id: str


class OnFileProcessed(cqrs.EventHandler[FileProcessedEvent]):
    async def handle(self, event: FileProcessedEvent) -> None:
        pass


# --- seed ---
import typing
from cqrs.requests.request_handler import StreamingRequestHandler
from cqrs.events.event import Event
class ProcessFilesCommandHandler(StreamingRequestHandler[ProcessFilesCommand, FileProcessedResult]):
    def __init__(self):
        self._events: list[Event] = []
    @property
    def events(self) -> list[Event]:
        return self._events.copy()
    def clear_events(self) -> None:
        self._events.clear()
    async def handle(self, request: ProcessFilesCommand) -> typing.AsyncIterator[FileProcessedResult]:
        for file_id in request.file_ids:
            # Process file
            result = FileProcessedResult(file_id=file_id, status="completed")  # was: result = FileProcessedResult(file_id=file_id, status="completed", ...)
            # Emit events
            self._events.append(FileProcessedEvent(file_id=file_id))  # was: self._events.append(FileProcessedEvent(file_id=file_id, ...))
            yield result
# --- end ---

mediator = bootstrap.bootstrap_streaming(
    commands_mapper=lambda m: m.bind(ProcessFilesCommand, ProcessFilesCommandHandler),
    domain_events_mapper=lambda m: m.bind(FileProcessedEvent, OnFileProcessed),
)
