"""The established path of these names, which are in :mod:`cqrs.wakeups.protocol`."""

from cqrs.wakeups.protocol import LocalWakeUps, NoWakeUps, WakeUps

__all__ = ["LocalWakeUps", "NoWakeUps", "WakeUps"]
