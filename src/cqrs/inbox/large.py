"""Step 6, bodies that are too large for a database, so that a message of this kind can be parked all the same."""

from __future__ import annotations

import dataclasses
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cqrs.envelope import Envelope

COMPRESSED, LEFT_OUT = "compressed", "left out"


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a body, and ``how``: as it is, compressed, or not at all; then ``why`` names the original."""

    body: bytes
    how: str | None = None
    why: str = ""


def kept(envelope: Envelope, most: int) -> Kept:
    """The body of ``envelope`` in at most ``most`` bytes."""
    body = envelope.body
    if len(body) <= most:
        return Kept(body)
    smaller = zlib.compress(body)
    if len(smaller) <= most:
        return Kept(smaller, COMPRESSED)
    why = (
        f"its body of {len(body):,} bytes was not kept, because the database takes {most:,}: look for the message "
        f"{envelope.message_id} in {envelope.topic!r}"
    )
    return Kept(b"", LEFT_OUT, why)


def whole(body: bytes, how: str | None) -> bytes:
    """What was kept, as it was."""
    return zlib.decompress(body) if how == COMPRESSED else body
