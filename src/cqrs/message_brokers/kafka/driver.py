"""Step 5, the names that are used of aiokafka, which has no types: in one place, so that the checkers hear it once."""

from __future__ import annotations

from typing import Any

from aiokafka import (  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
    AIOKafkaConsumer,
    AIOKafkaProducer,
    TopicPartition,
    errors,
)
from aiokafka.abc import (  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
    ConsumerRebalanceListener,
)
from aiokafka.conn import AIOKafkaConnection  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
from aiokafka.partitioner import (  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
    DefaultPartitioner,
)

Connection: Any = AIOKafkaConnection
Consumer: Any = AIOKafkaConsumer
Producer: Any = AIOKafkaProducer
Partition: Any = TopicPartition
Partitioner: Any = DefaultPartitioner
RebalanceListener: Any = ConsumerRebalanceListener

KafkaError: type[Exception] = errors.KafkaError
CommitFailed: type[Exception] = errors.CommitFailedError
InvalidTopic: type[Exception] = errors.InvalidTopicError
MessageTooLarge: type[Exception] = errors.MessageSizeTooLargeError
UnknownTopic: type[Exception] = errors.UnknownTopicOrPartitionError

REJECTIONS: tuple[type[Exception], ...] = (
    errors.MessageSizeTooLargeError,
    errors.RecordListTooLargeError,
    errors.InvalidTopicError,
    errors.InvalidTimestampError,
    errors.PolicyViolationError,
    errors.TopicAuthorizationFailedError,
    errors.UnknownTopicOrPartitionError,
    errors.UnsupportedForMessageFormatError,
    # The driver does not know the newer codes, INVALID_RECORD among them. To park a message can be undone; to take it
    # for an outage would block all the others.
    errors.UnknownError,
)
"""What the cluster says about a message that it will not take, now or later."""

REFUSALS: tuple[type[Exception], ...] = (
    errors.AuthenticationFailedError,
    errors.SaslAuthenticationFailed,
    errors.UnsupportedSaslMechanismError,
    errors.ClusterAuthorizationFailedError,
    errors.GroupAuthorizationFailedError,
)
"""What the cluster says to somebody whom it does not let in."""
