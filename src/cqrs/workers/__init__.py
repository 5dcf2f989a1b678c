"""Steps 5 and 6, the workers: relays send messages, consumers receive them. Nothing runs until you start it."""

import typing

from cqrs._lazy_names import lazy_names as _lazy_names

if typing.TYPE_CHECKING:
    from cqrs.workers.backoff import Backoff
    from cqrs.workers.consumer.consumer import Consumer
    from cqrs.workers.consumer.policy import ConsumerPolicy, ConsumerVerdict
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

_NAMES_IN = {
    "cqrs.workers.backoff": ("Backoff",),
    "cqrs.workers.consumer.consumer": ("Consumer",),
    "cqrs.workers.consumer.policy": ("ConsumerPolicy", "ConsumerVerdict"),
    "cqrs.workers.relay.log_relay": ("LogRelay",),
    "cqrs.workers.relay.outbox_relay": ("OutboxRelay",),
    "cqrs.workers.relay.policy": ("RelayPolicy", "Verdict"),
    "cqrs.workers.service": ("Service",),
}

if not typing.TYPE_CHECKING:  # else a type checker accepts any name
    __getattr__, __dir__ = _lazy_names(__name__, _NAMES_IN)
