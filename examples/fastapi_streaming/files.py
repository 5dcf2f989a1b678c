"""What the service does: a handler that processes files one after the other, and says so after each."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import cqrs
from cqrs.requests.bootstrap import bootstrap_streaming

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

LOG: list[str] = []
"""What happened, for the reader of this example."""


class FileProcessed(cqrs.Response):
    """One file is done."""

    file_id: str
    status: str


class ProcessFiles(cqrs.Request[FileProcessed]):
    """Process these files."""

    file_ids: list[str]


class FileWasProcessed(cqrs.DomainEvent):
    """What the rest of the service learns of it."""

    file_id: str


class Session:
    """Stands for a connection to a database, which must be given back."""


async def session() -> AsyncGenerator[Session, None]:
    """What follows the ``yield`` runs at the end of the request, however it ends."""
    LOG.append("session opened")
    try:
        yield Session()
    finally:
        await asyncio.sleep(0.01)
        LOG.append("session closed")


class ProcessFilesHandler(cqrs.StreamingRequestHandler[ProcessFiles, FileProcessed]):
    """Goes on with the next file when the client has taken the news of the last one."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def handle(self, request: ProcessFiles) -> AsyncIterator[FileProcessed]:
        """One chunk for each file."""
        try:
            for file_id in request.file_ids:
                await asyncio.sleep(3600 if file_id == "film.mkv" else 0.05)  # the work
                self.record(FileWasProcessed(file_id=file_id))
                yield FileProcessed(file_id=file_id, status="processed")
        except asyncio.CancelledError:
            LOG.append("handler stopped")
            raise


async def note_in_journal(event: FileWasProcessed) -> None:
    """Reacts to the event before the client sees the chunk."""
    LOG.append(f"{event.file_id} noted in the journal")


def make_streaming_mediator(container: cqrs.Resolver) -> cqrs.StreamingRequestMediator:
    """Called once, at the start. Raises ``WiringError`` if something cannot work."""
    container.bind(Session, session, lifetime="request")
    return bootstrap_streaming(
        di_container=container,
        commands_mapper=lambda mapper: mapper.bind(ProcessFiles, ProcessFilesHandler),
        domain_events_mapper=lambda mapper: mapper.bind(FileWasProcessed, note_in_journal),
    )
