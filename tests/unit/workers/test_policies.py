"""A policy that no worker could work with is refused when it is made."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from cqrs.errors import InvalidArgument
from cqrs.workers import Backoff, ConsumerPolicy, RelayPolicy


@pytest.mark.parametrize(
    "values",
    [
        {"lease": 0},
        {"lease": -1.0},
        {"batch_size": 0},
        {"attempts": 0},
        {"poll_when_unwoken": -1},
        {"lease": float("nan")},
    ],
)
def test_a_relay_policy_refuses_numbers_that_make_no_sense(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match=rf"RelayPolicy\.{next(iter(values))}="):
        RelayPolicy(**values)


def test_a_relay_policy_names_which_times_are_numbers_and_which_are_timedeltas() -> None:
    with pytest.raises(InvalidArgument, match=r"lease=.*plain number of seconds"):
        RelayPolicy(lease=dt.timedelta(seconds=30))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidArgument, match=r"keep_sent_for=7.*timedelta\(days=7\)"):
        RelayPolicy(keep_sent_for=7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidArgument, match=r"attempt_backoff=5.*Backoff"):
        RelayPolicy(attempt_backoff=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "values", [{"attempts_in_batch": 0}, {"batch_size": 0}, {"parked_retries": -1}, {"on_unknown": "skp"}]
)
def test_a_consumer_policy_refuses_what_makes_no_sense(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match=rf"ConsumerPolicy\.{next(iter(values))}="):
        ConsumerPolicy(**values)


def test_a_consumer_policy_takes_a_span_for_its_retention() -> None:
    with pytest.raises(InvalidArgument, match=r"retention=14.*timedelta"):
        ConsumerPolicy(retention=14)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_the_least_that_makes_sense_is_taken() -> None:
    RelayPolicy(batch_size=1, attempts=1, lease=0.1, cleanup_every=0, keep_sent_for=dt.timedelta())
    ConsumerPolicy(
        batch_size=1,
        attempts_in_batch=1,
        parked_retries=0,
        receive_timeout=0,
        retention=None,
        parked_backoff=Backoff(0, 0),
    )
