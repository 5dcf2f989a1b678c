"""The names of aiokafka that are used, in one place: aiokafka has no types, and each import needs its exemptions."""

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
    # The driver does not know newer error codes, such as INVALID_RECORD. Parking a message can be undone; treating
    # the error as an outage would block all other messages.
    errors.UnknownError,
)
"""Errors by which the cluster refuses a message for good."""

REFUSALS: tuple[type[Exception], ...] = (
    errors.AuthenticationFailedError,
    errors.SaslAuthenticationFailed,
    errors.UnsupportedSaslMechanismError,
    errors.ClusterAuthorizationFailedError,
    errors.GroupAuthorizationFailedError,
)
"""Errors by which the cluster refuses a user."""
