"""Whether an error of the Kafka driver means an outage or a message that is refused for good."""

from __future__ import annotations

import re

from cqrs.message_brokers.kafka.driver import REJECTIONS, InvalidTopic

_CANNOT_BE_ENCODED = (AttributeError, TypeError, ValueError)
_LEGAL_TOPIC = re.compile(r"[a-zA-Z0-9._-]{1,249}")


def is_rejection(error: BaseException) -> bool:
    """Whether the message is refused for good, so that sending it again would not help."""
    return isinstance(error, (*REJECTIONS, *_CANNOT_BE_ENCODED))


def check_topic(topic: str) -> None:
    """Raise the cluster's error for an illegal topic name; the driver would wait until its timeout."""
    if not _LEGAL_TOPIC.fullmatch(topic) or topic in {".", ".."}:
        raise InvalidTopic(f"{topic!r} is no name for a topic")
