"""The settings of a stream of NATS JetStream."""

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
    """A stream that is created, in files, if it does not exist; an existing one is not changed.

    Its creation is logged at the level INFO. ``subjects`` are the topics it stores, with the wildcards of NATS. Of
    messages with one id within ``duplicate_window`` seconds it stores the first. Messages older than ``max_age``
    seconds, or beyond ``max_bytes``, are dropped, whether or not they were received.
    """

    name: str
    subjects: tuple[str, ...]
    duplicate_window: float = 120.0
    replicas: int = 1
    max_age: float | None = None
    max_bytes: int | None = None

    async def make(self, jetstream: JetStreamContext) -> None:
        """Create the stream if it does not exist. Safe if several processes do so at once."""
        try:
            await jetstream.stream_info(self.name)
        except NotFoundError:
            _log.info("NATS has no stream %r; creating it for %s", self.name, ", ".join(self.subjects))
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
