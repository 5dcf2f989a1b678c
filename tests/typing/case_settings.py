"""Settings have the new names for type checkers, and no others, although the old ones still work."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_type

import cqrs

consumer = cqrs.ConsumerPolicy(attempts_in_batch=2, attempt_backoff=cqrs.Backoff(), parked_retries=3)
assert_type(consumer, cqrs.ConsumerPolicy)
assert_type(consumer.parked_backoff, cqrs.Backoff)
relay = cqrs.RelayPolicy(keep_sent_for=timedelta(days=7), poll_when_unwoken=0.1)
assert_type(relay.keep_sent_for, timedelta | None)
assert_type(cqrs.Backoff().seconds(attempts=2), float)

cqrs.ConsumerPolicy(tries=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cqrs.RelayPolicy(keep=timedelta(days=7))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cqrs.ConsumerPolicy(parked_retries="3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
consumer.tries  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
cqrs.ZlibCompressor(max_size=10)
cqrs.ZlibCompressor(largest=10)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
