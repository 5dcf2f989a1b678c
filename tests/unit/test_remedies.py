"""Errors say what to do about them, and nothing that does not help."""

from __future__ import annotations

import pytest

from cqrs._logging.texts import describe_error
from cqrs.errors import BrokerUnavailable, MigrationNeeded, UnknownEvent, WorkerCannotStart
from cqrs.errors.root import InvalidArgument
from tests.unit.workers.test_service import Idle


def test_an_unknown_event_raises_how_to_register_it_and_how_to_skip_it() -> None:
    text = str(UnknownEvent("paid", 1))
    for part in ("@cqrs.event_type('paid')", "is the module of the class imported?", "on_unknown='skip'"):
        assert part in text


def test_a_stream_that_is_no_stream_is_refused_with_the_call_that_makes_one() -> None:
    fastapi = pytest.importorskip("cqrs.integrations.fastapi")

    async def send() -> None:
        """As that of a mediator."""

    with pytest.raises(InvalidArgument, match=r"it was not awaited, give .*mediator\.stream\(command\)"):
        fastapi.sse(send())


def test_patience_is_no_advice_for_a_worker_that_tries_again_by_itself() -> None:
    assert describe_error(BrokerUnavailable("Redis at r", "gone")) == "Redis at r is not available (gone)"
    denied = BrokerUnavailable("Redis at r", "gone", "check user and password")
    assert describe_error(denied) == "Redis at r is not available (gone): check user and password"


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (MigrationNeeded("outbox", "sqlite:///x", "python -m cqrs db upgrade sqlite:///x"), ". Or let it wait until"),
        (ConnectionError("refused"), ". Correct the address, user or password, or let it wait until"),
    ],
)
def test_a_worker_that_cannot_start_gives_the_advice_that_fits(error: Exception, advice: str) -> None:
    worker = Idle()
    worker._must_reach = True
    with pytest.raises(WorkerCannotStart) as caught:
        worker._refuse_start(error)
    assert f"{describe_error(error)}{advice}" in str(caught.value)
    assert ("password" in str(caught.value)) is (not isinstance(error, MigrationNeeded))
