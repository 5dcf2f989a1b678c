"""Where NATS JetStream keeps messages."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

from nats.js.api import StorageType, StreamConfig
from nats.js.errors import NotFoundError

if TYPE_CHECKING:
    from nats.js import JetStreamContext

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True)
class NatsStream:
    """A stream that is made, in files, when it is not there; one that is there is not changed.

    That it is made is logged at the level INFO. ``subjects`` are the topics it takes, with the wildcards of NATS. A
    message with an id that was sent within ``duplicate_window`` seconds before is not taken again. ``max_age``, in
    seconds, and ``max_bytes`` are what it keeps at most: what is beyond that is dropped, read or not.
    """

    name: str
    subjects: tuple[str, ...]
    duplicate_window: float = 120.0
    replicas: int = 1
    max_age: float | None = None
    max_bytes: int | None = None

    async def make(self, jetstream: JetStreamContext) -> None:
        """Make it if it is not there. Safe for many processes at once."""
        try:
            await jetstream.stream_info(self.name)
        except NotFoundError:
            _log.info("NATS has no stream %r; it is made, for %s", self.name, ", ".join(self.subjects))
            await jetstream.add_stream(  # pyright: ignore[reportUnknownMemberType]  # the driver's
                StreamConfig(
                    name=self.name,
                    subjects=list(self.subjects),
                    storage=StorageType.FILE,
                    duplicate_window=self.duplicate_window,
                    num_replicas=self.replicas,
                    max_age=self.max_age,
                    max_bytes=self.max_bytes,
                )
            )
