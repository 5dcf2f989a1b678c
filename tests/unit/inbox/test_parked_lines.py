"""What a consumer logs of messages that it cannot handle: what becomes of them, and nothing of their content."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, TypeAdapter

from cqrs.message_brokers.protocol import Message
from tests.unit.inbox.stand import Stand

if TYPE_CHECKING:
    from cqrs.envelope import Envelope

SECRET = "s3cret"  # noqa: S105  # it stands for the content of a message


@pytest.fixture
def stand() -> Stand:
    return Stand()


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


async def test_a_parked_message_is_logged_with_what_becomes_of_it_until_it_is_given_up(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    stand.errors = {1: [ValueError(f"try {number}") for number in range(9)]}
    await stand.send(1, key=SECRET)
    (sent,) = stand.broker.sent
    async with stand.running(policy={"attempts_in_batch": 1, "parked_retries": 2}):
        await stand.until_parked(1)
    message, behind = f"numbered {sent.message_id} of the topic numbers", "; later messages of its key wait behind it"
    at = r"at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00"
    expected = (
        rf"consumer c has parked {message} \(next attempt {at}{behind}\): ValueError\('try 0'\)",
        rf"consumer c cannot handle the parked {message} \(tried 1 of 2 times, next attempt {at}{behind}\): Val.*",
        rf"consumer c cannot .* {message} \(given up after 2 more tries, replay or drop it{behind}\): ValueError.*",
    )
    for text, pattern in zip(said(caplog), expected, strict=True):
        assert re.fullmatch(pattern, text), text
    assert "in handle" in caplog.text  # the traceback shows the handler
    assert SECRET not in caplog.text


async def test_a_message_that_is_not_tried_again_is_left_to_an_operator(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    stand.errors = {1: [ValueError("odd")]}
    await stand.send(1)
    async with stand.running(policy={"attempts_in_batch": 1, "parked_retries": 0}):
        await stand.until_parked(1)
    assert said(caplog)[0].endswith("of the topic numbers (replay or drop it): ValueError('odd')")


async def test_a_body_that_cannot_be_read_is_parked_without_its_content_in_the_log(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    await stand.broker.send_message(Message("numbered", stand.topic, {"payload": SECRET}, key=SECRET))
    async with stand.running(policy={"parked_retries": 0}):
        await stand.until_parked(1)
    (text,) = said(caplog)
    assert "payload: Input should be a valid integer" in text
    assert "correct what sends it" in text
    assert SECRET not in caplog.text
    assert "Traceback" not in caplog.text


async def test_content_quoted_by_the_error_of_a_decoder_is_not_logged(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    class Order(BaseModel):
        number: int

    def decode(envelope: Envelope) -> Any:
        try:
            return Order.model_validate_json(envelope.body)
        except ValueError as error:
            raise ExceptionGroup("unread", [error]) from None

    await stand.broker.send_message(Message("order", stand.topic, {"number": SECRET}))
    async with stand.running(registry=None, decode=decode, policy={"attempts_in_batch": 1, "parked_retries": 0}):
        await stand.until_parked(1)
    (text,) = said(caplog)
    assert "(raised in decode, " in text
    assert SECRET not in caplog.text


async def test_content_quoted_by_a_validation_error_of_a_handler_is_not_logged(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ValueError, match=SECRET) as caught:
        TypeAdapter(int).validate_python(SECRET)
    stand.errors = {1: [caught.value]}
    await stand.send(1)
    async with stand.running(policy={"attempts_in_batch": 1, "parked_retries": 0}):
        await stand.until_parked(1)
    assert "ValidationError: Input should be a valid integer" in said(caplog)[0]
    assert SECRET not in caplog.text
