"""The names under which workers hold leases."""

from __future__ import annotations

import os
import socket
import uuid


def worker_name(prefix: str | None = None) -> str:
    """A name that no other worker has, and that shows an operator host and process: ``prefix:host:pid:random``.

    At most 64 characters, which is what the tables hold.
    """
    host = socket.gethostname()
    place = host[:32] if prefix is None else f"{prefix[:30]}:{host[:16]}"
    return f"{place}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
