"""A handler that imports files slowly, with a database session of the request, and notes what becomes of both."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import cqrs
from cqrs.requests.bootstrap import bootstrap_streaming

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator


class ProcessFilesCommand(cqrs.Request):
    file_ids: list[str]


class FileProcessedResult(cqrs.Response):
    file_id: str
    size: int = 0


class FileProcessed(cqrs.DomainEvent):
    file_id: str


class Session:
    """What lives as long as the request."""


class Import:
    """One run of the program: what it has done so far, and how a test makes it wait or fail.

    A file called `wait` takes until the test ends; one called `fail` raises, and `large` gives a large chunk.
    """

    def __init__(self) -> None:
        self.log: list[str] = []
        self.may_close = asyncio.Event()
        self.may_close.set()
        container = cqrs.Resolver()
        container.bind(Session, self._session, lifetime="request")
        container.bind_instance(Import, self)
        self.mediator = bootstrap_streaming(
            container,
            commands_mapper=lambda m: m.bind(ProcessFilesCommand, ProcessFilesHandler),
            domain_events_mapper=lambda m: m.bind(FileProcessed, self._on_file_processed),
        )

    async def _session(self) -> AsyncGenerator[Session, None]:
        self.log.append("session opened")
        try:
            yield Session()
        finally:
            await asyncio.sleep(0.01)  # as a real one would, to report to its server
            self.log.append("session closing")
            await self.may_close.wait()
            self.log.append("session closed")

    async def _on_file_processed(self, event: FileProcessed) -> None:
        self.log.append(f"event {event.file_id}")


class ProcessFilesHandler(cqrs.StreamingRequestHandler[ProcessFilesCommand, FileProcessedResult]):
    def __init__(self, session: Session, run: Import) -> None:
        self._session = session
        self._run = run

    async def handle(self, request: ProcessFilesCommand) -> AsyncIterator[FileProcessedResult]:
        try:
            for file_id in request.file_ids:
                self._run.log.append(f"process {file_id}")
                await asyncio.sleep(0)
                if file_id == "wait":
                    await asyncio.Event().wait()
                if file_id == "fail":
                    raise OSError("/srv/secret is not readable")
                self.record(FileProcessed(file_id=file_id))
                yield FileProcessedResult(file_id=file_id * (1_000_000 if file_id == "large" else 1))
        except (asyncio.CancelledError, GeneratorExit):  # while it worked, or while it waited at its yield
            self._run.log.append("handler stopped")
            raise
