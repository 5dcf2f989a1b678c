"""A relay as a process of its own, to be killed: `python -m tests.faults.relay_program URL FILE [option=value ...]`.

Its broker appends a line per message to FILE and confirms a batch when the file is on the disk. Options: `batch`,
`lease`, `reject` (the share of messages that the broker does not take), `ack` (seconds), `poison` (a number that it
never takes, unless the file FILE.fixed exists), `skew` (seconds by which the clock of this process is wrong).
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from cqrs.errors import MessageRejected
from cqrs.message_brokers.protocol import Message, MessageBroker
from cqrs.outbox.sqlalchemy.repository import SqlAlchemyOutboxedEventRepository
from cqrs.testing import faults
from cqrs.workers import Backoff, OutboxRelay, RelayPolicy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqrs.envelope import Envelope


class FileBroker(MessageBroker):
    """Keeps what it was sent: `id key number` in each line, in the order of arrival."""

    def __init__(self, path: Path, options: dict[str, str]) -> None:
        self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
        self._fixed = path.with_suffix(".fixed")
        self._reject = float(options.get("reject", "0"))
        self._ack = float(options.get("ack", "0"))
        self._poison = int(options.get("poison", "-1"))

    async def send_message(self, message: Message) -> None:
        raise NotImplementedError

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        results: list[Exception | None] = []
        lines: list[str] = []
        failed: dict[str | None, Exception] = {}
        for envelope in envelopes:
            error = failed.get(envelope.key)
            number = envelope.json()["payload"]
            if error is None and self.refuses(number):
                error = failed[envelope.key] = MessageRejected("file", str(envelope.message_id), "not this one")
            if error is None:
                lines.append(f"{envelope.message_id} {envelope.key} {number}\n")
            results.append(error)
        await asyncio.sleep(self._ack)
        os.write(self._file, "".join(lines).encode())
        os.fsync(self._file)
        return results

    def refuses(self, number: int) -> bool:
        """Whether a message with `number` is not accepted."""
        unlucky = random.random() < self._reject  # noqa: S311  # nothing is hidden by it
        return unlucky or (number == self._poison and not self._fixed.exists())


async def main(url: str, path: str, *options: str) -> None:
    given = dict(option.split("=") for option in options)
    if "skew" in given:
        actual = time.time
        time.time = lambda: actual() + float(given["skew"])
    engine = create_async_engine(url)
    outbox = SqlAlchemyOutboxedEventRepository(async_sessionmaker(engine, expire_on_commit=False), keep_produced=False)
    policy = RelayPolicy(
        batch_size=int(given.get("batch", "50")),
        lease=float(given.get("lease", "2")),
        wait_at_start=True,  # a file that others write to answers later than such a lease lasts
        attempts=3 if "poison" in given else 1_000,
        attempt_backoff=Backoff(first=0.01, longest=0.05),
        idle_backoff=Backoff(first=0.005, longest=0.05),
    )
    await OutboxRelay(outbox, FileBroker(Path(path), given), policy, wake_up="poll").run()
    await engine.dispose()


if __name__ == "__main__":
    faults.install()
    asyncio.run(main(*sys.argv[1:]))
