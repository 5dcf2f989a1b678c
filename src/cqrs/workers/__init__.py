"""Steps 5 to 7, everything that runs in the background; nothing else owns a loop or a task."""

from cqrs.workers.backoff import Backoff
from cqrs.workers.consumer.consumer import Consumer, ConsumerPolicy, ConsumerVerdict
from cqrs.workers.relay.log_relay import LogRelay
from cqrs.workers.relay.outbox_relay import OutboxRelay
from cqrs.workers.relay.policy import RelayPolicy, Verdict
from cqrs.workers.service import Service

__all__ = [
    "Backoff",
    "Consumer",
    "ConsumerPolicy",
    "ConsumerVerdict",
    "LogRelay",
    "OutboxRelay",
    "RelayPolicy",
    "Service",
    "Verdict",
]
