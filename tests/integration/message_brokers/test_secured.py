"""TLS and passwords, with real servers that ask for them."""

from __future__ import annotations

import asyncio
import traceback
import uuid
from typing import TYPE_CHECKING

import pytest

from cqrs.errors import BrokerUnavailable
from cqrs.testing.conformance.message_broker import an_envelope, received
from tests.integration.message_brokers import secured
from tests.servers.secured import PASSWORD

if TYPE_CHECKING:
    from tests.integration.message_brokers.secured import SecuredBackend

BACKENDS = {
    "kafka-plain": (secured.KafkaByPlainPassword, "secured_kafka"),
    "kafka-scram": (secured.KafkaByScram, "secured_kafka"),
    "kafka-scram-tls": (secured.KafkaByScramAndTLS, "secured_kafka"),
    "kafka-tls": (secured.SecuredKafkaBackend, "secured_kafka"),
    "nats": (secured.SecuredNatsBackend, "secured_nats"),
    "rabbitmq": (secured.SecuredRabbitMQBackend, "secured_rabbitmq"),
    "redis": (secured.SecuredRedisBackend, "secured_redis"),
}

pytestmark = pytest.mark.server


def _those(*, tls: bool = False, password: bool = False) -> list[str]:
    return [name for name, (kind, _) in BACKENDS.items() if (kind.tls or not tls) and (kind.password or not password)]


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> SecuredBackend:
    kind, server = BACKENDS[request.param]
    return kind(request.getfixturevalue(server))


@pytest.fixture
def topic() -> str:
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.mark.parametrize("backend", _those(), indirect=True)
async def test_a_client_with_the_password_and_the_authority_sends_and_receives(
    backend: SecuredBackend, topic: str
) -> None:
    async with backend.broker(topic) as broker, backend.source(topic) as source:
        assert await broker.send([an_envelope(topic, n, key="k") for n in range(3)]) == [None] * 3
        assert [int(d.envelope.body) for d in await received(source, 3)] == [0, 1, 2]


@pytest.mark.parametrize("backend", _those(tls=True), indirect=True)
async def test_a_server_with_an_untrusted_authority_is_distinguished_from_an_unreachable_one(
    backend: SecuredBackend, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = await _what_is_told(backend, topic, caplog, trusts="stranger")
    assert all("trust the authority of its certificate" in text for text in told)


@pytest.mark.parametrize("backend", _those(password=True), indirect=True)
async def test_a_wrong_password_is_distinguished_from_an_unreachable_server(
    backend: SecuredBackend, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = await _what_is_told(backend, topic, caplog, password=f"not-{PASSWORD}")
    assert all("check user and password" in text for text in told)


async def _what_is_told(
    backend: SecuredBackend, topic: str, caplog: pytest.LogCaptureFixture, **wrong: str
) -> list[str]:
    """The errors of both sides, within less than what they would wait for a server that does not answer."""
    caplog.set_level("DEBUG")
    broker, source = backend.broker(topic, **wrong), backend.source(topic, **wrong)
    async with asyncio.timeout(8):
        with pytest.raises(BrokerUnavailable) as at_start:
            await broker.start()
        (at_send,) = await broker.send([an_envelope(topic)])
        with pytest.raises(BrokerUnavailable) as at_receive:
            await source.receive()
    await broker.close()
    await source.close()
    assert isinstance(at_send, BrokerUnavailable)
    errors = [at_start.value, at_send, at_receive.value]
    shown = [f"{thing!r} {thing}" for thing in (broker, source, *errors)]
    logged = [line for error in errors for line in traceback.format_exception(error)]
    assert PASSWORD not in " ".join([*shown, *logged, caplog.text])
    return [str(error) for error in errors]
