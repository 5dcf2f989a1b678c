"""Step 6: the consumer calls handlers for the messages of a broker."""

import typing

from cqrs._lazy_names import lazy_names as _lazy_names

if typing.TYPE_CHECKING:
    from cqrs.workers.consumer.consumer import Consumer
    from cqrs.workers.consumer.policy import ConsumerPolicy, ConsumerVerdict

__all__ = ["Consumer", "ConsumerPolicy", "ConsumerVerdict"]

_NAMES_IN = {
    "cqrs.workers.consumer.consumer": ("Consumer",),
    "cqrs.workers.consumer.policy": ("ConsumerPolicy", "ConsumerVerdict"),
}

if not typing.TYPE_CHECKING:  # else a type checker accepts any name
    __getattr__, __dir__ = _lazy_names(__name__, _NAMES_IN)
