"""A background service cannot do its work."""

from __future__ import annotations

from cqrs.errors.root import CQRSError


class WorkerCannotStart(CQRSError):
    """``worker`` cannot reach what it needs: ``reason`` tells what, and why. Nothing has been done."""

    def __init__(self, worker: str, reason: str) -> None:
        self.worker = worker
        self.reason = reason
        super().__init__(
            f"{worker} cannot start: {reason.rstrip('.')}. Correct the address, user or password, or let it wait until "
            "it is there, by wait_at_start=True of its policy."
        )
