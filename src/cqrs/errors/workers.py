"""A background service cannot do its work."""

from __future__ import annotations

from cqrs.errors.root import CQRSError

CORRECT = "Correct the address, user or password"


class WorkerCannotStart(CQRSError):
    """``worker`` cannot reach what it needs: ``reason`` tells what, and why. Nothing has been done.

    ``remedy`` says what helps; it is empty where the reason says so itself.
    """

    def __init__(self, worker: str, reason: str, remedy: str = CORRECT) -> None:
        self.worker = worker
        self.reason = reason
        self.remedy = remedy
        or_wait = f"{remedy}, or let it wait" if remedy else "Or let it wait"
        super().__init__(
            f"{worker} cannot start: {reason.rstrip('.')}. {or_wait} until it is there, by wait_at_start=True of "
            "its policy."
        )
