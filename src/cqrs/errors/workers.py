"""Errors of background services."""

from __future__ import annotations

from cqrs.errors.root import CQRSError

CORRECT = "Correct the address, user or password"


class WorkerCannotStart(CQRSError):
    """``worker`` cannot reach its broker or database: ``reason`` has which one, and why. Nothing has been done.

    ``remedy`` is what to do; it is empty if ``reason`` contains it.
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
