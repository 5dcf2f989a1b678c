"""The established path of these names, which are in :mod:`cqrs.workers.consumer.policy`."""

from cqrs.workers.consumer.policy import ConsumerPolicy, ConsumerVerdict, verdict

__all__ = ["ConsumerPolicy", "ConsumerVerdict", "verdict"]
