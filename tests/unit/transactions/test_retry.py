"""``Retry`` and ``Backoff`` as data, and the middleware without a database."""

from __future__ import annotations

from typing import Any

import pytest

import cqrs
from cqrs.errors import AfterCommitError, ConcurrencyError, InvalidArgument
from tests.helpers.errors import Deliberate
from tests.helpers.waiting import AT_ONCE


@pytest.mark.parametrize(
    ("given", "argument"),
    [
        ({"attempts": 0}, "attempts"),
        ({"attempts": "3"}, "attempts"),
        ({"backoff": 1.0}, "backoff"),
        ({"on": Deliberate}, "on"),
        ({"on": ("Deliberate",)}, "on"),
        ({"on": (BaseException,)}, "on"),
        ({"give_up_on": [Deliberate]}, "give_up_on"),
    ],
)
def test_invalid_arguments_of_retry_are_refused(given: dict[str, Any], argument: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        cqrs.Retry(**given)
    assert caught.value.argument == argument


def test_the_middleware_takes_a_retry_only() -> None:
    with pytest.raises(InvalidArgument, match="Retry"):
        cqrs.RetryMiddleware(3)  # type: ignore[arg-type]


def test_by_default_conflicts_are_tried_again() -> None:
    retry = cqrs.Retry(2, backoff=AT_ONCE)
    assert retry.retry_in(ConcurrencyError(), 1) == 0.0
    assert retry.retry_in(ConcurrencyError(), 2) is None
    assert retry.retry_in(Deliberate(), 1) is None


def test_a_committed_transaction_is_never_tried_again() -> None:
    retry = cqrs.Retry(9, backoff=AT_ONCE, on=(Exception,))
    assert retry.retry_in(AfterCommitError([Deliberate()]), 1) is None


def test_an_error_to_give_up_on_is_stronger_than_one_to_try_again() -> None:
    retry = cqrs.Retry(9, backoff=AT_ONCE, on=(Exception,), give_up_on=(Deliberate,))
    assert retry.retry_in(Deliberate(), 1) is None
    assert retry.retry_in(ValueError(), 1) == 0.0


def test_waits_grow_up_to_the_longest() -> None:
    backoff = cqrs.Backoff(first=1.0, longest=5.0, factor=2.0, jitter=0.0)
    assert [backoff.seconds(tries) for tries in (1, 2, 3, 4, 1000)] == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_jitter_shortens_a_wait_by_its_share_at_most() -> None:
    backoff = cqrs.Backoff(first=1.0, longest=1.0, jitter=0.25)
    waits = {backoff.seconds(1) for _ in range(100)}
    assert len(waits) > 1
    assert min(waits) >= 0.75
    assert max(waits) <= 1.0


async def test_a_call_outside_of_transactions_is_tried_again() -> None:
    tries: list[int] = []

    async def handle(request: Any) -> str:
        tries.append(len(tries))
        if len(tries) < 3:
            raise Deliberate
        return "answer"

    retry = cqrs.RetryMiddleware(cqrs.Retry(3, backoff=AT_ONCE, on=(Deliberate,)))
    assert await retry("request", handle) == "answer"
    assert len(tries) == 3
