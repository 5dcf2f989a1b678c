"""Step 5, what an error of the Kafka driver means: an outage, or a message that will never be taken."""

from __future__ import annotations

import re

from cqrs.message_brokers.kafka.driver import REJECTIONS, InvalidTopic

_CANNOT_BE_ENCODED = (AttributeError, TypeError, ValueError)
_LEGAL_TOPIC = re.compile(r"[a-zA-Z0-9._-]{1,249}")


def is_rejection(error: BaseException) -> bool:
    """Whether trying again does not help."""
    return isinstance(error, (*REJECTIONS, *_CANNOT_BE_ENCODED))


def check_topic(topic: str) -> None:
    """Raise what the cluster would say about an illegal name, which the driver only waits for."""
    if not _LEGAL_TOPIC.fullmatch(topic) or topic in {".", ".."}:
        raise InvalidTopic(f"{topic!r} is no name for a topic")
