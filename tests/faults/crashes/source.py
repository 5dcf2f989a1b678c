"""Messages that arrive from a file: the numbers from 0, each until it is noted in the file that it was acknowledged."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import uuid
from typing import TYPE_CHECKING

from cqrs.message_brokers.source import Delivery, MessageSource
from tests.integration.inbox.service import ordered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class NumberedDelivery(Delivery):
    """The message with `number`, whose id is always the same."""

    attempt = 1

    def __init__(self, source: FileSource, number: int) -> None:
        self._source, self.number = source, number
        envelope = ordered(number, key=str(number % 2)).to_envelope()
        self.envelope = dataclasses.replace(envelope, message_id=uuid.UUID(int=number + 1))

    async def ack(self) -> None:
        self._source.acknowledge(self.number)

    async def nack(self, delay: float = 0.0) -> None:
        self._source.again(self.number)


class FileSource(MessageSource):
    """`count` messages, of which those are delivered that are not noted in the file at `path`."""

    def __init__(self, path: Path, count: int) -> None:
        self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
        done = {int(line) for line in path.read_text(encoding="ascii").split()}
        self._left = [number for number in range(count) if number not in done]
        self._delivered: set[int] = set()

    @property
    def is_empty(self) -> bool:
        """Whether each message was acknowledged."""
        return not self._left and not self._delivered

    def acknowledge(self, number: int) -> None:
        """Write it down, so that it is known after a crash."""
        os.write(self._file, f"{number}\n".encode())
        os.fsync(self._file)
        self._delivered.discard(number)

    def again(self, number: int) -> None:
        """Deliver it again."""
        self._delivered.discard(number)
        self._left = sorted({*self._left, number})

    async def receive(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Delivery]:  # noqa: ASYNC109  # of the port
        if not self._left:
            await asyncio.sleep(timeout)
        taken, self._left = self._left[:limit], self._left[limit:]
        self._delivered.update(taken)
        return [NumberedDelivery(self, number) for number in taken]

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass
