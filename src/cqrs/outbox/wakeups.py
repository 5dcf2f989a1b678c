"""The established path of these names, which are in :mod:`cqrs.wakeups`."""

from cqrs.wakeups.local import LocalWakeUps
from cqrs.wakeups.protocol import NoWakeUps, WakeUps

__all__ = ["LocalWakeUps", "NoWakeUps", "WakeUps"]
