"""Step 6, from a source to the handlers of its events."""

from cqrs.workers.consumer.consumer import Consumer
from cqrs.workers.consumer.policy import ConsumerPolicy, ConsumerVerdict

__all__ = ["Consumer", "ConsumerPolicy", "ConsumerVerdict"]
