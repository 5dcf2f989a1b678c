"""The established path of ``LogWakeUps``, which is in :mod:`cqrs.wakeups.postgres_log`."""

from cqrs.wakeups.postgres_log import LogWakeUps

__all__ = ["LogWakeUps"]
