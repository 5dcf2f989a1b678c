"""Brokers and sources on servers with TLS and passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cqrs.adapters.nats_stream import NatsStream
from cqrs.message_brokers.nats import NatsMessageBroker
from cqrs.message_brokers.nats_source import NatsMessageSource
from cqrs.message_brokers.redis import RedisMessageBroker
from cqrs.message_brokers.redis_source import RedisMessageSource
from tests.servers.secured import PASSWORD, USER, Secured

if TYPE_CHECKING:
    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.message_brokers.source import MessageSource


class SecuredBackend(Protocol):
    """Makes what is let in, unless it has another password or trusts another authority."""

    tls: bool
    password: bool

    def broker(self, topic: str, *, password: str = PASSWORD, trusts: str = "authority") -> MessageBroker: ...

    def source(self, topic: str, *, password: str = PASSWORD, trusts: str = "authority") -> MessageSource: ...


class SecuredNatsBackend:
    tls = password = True

    def __init__(self, server: Secured) -> None:
        self._server = server

    def broker(self, topic: str, *, password: str = PASSWORD, trusts: str = "authority") -> NatsMessageBroker:
        return NatsMessageBroker(self._url(password), stream=_stream(topic), tls=self._server.trusting(trusts))

    def source(self, topic: str, *, password: str = PASSWORD, trusts: str = "authority") -> NatsMessageSource:
        return NatsMessageSource(self._url(password), topic, stream=_stream(topic), tls=self._server.trusting(trusts))

    def _url(self, password: str) -> str:
        return f"tls://{USER}:{password}@{self._server.at['tls']}"


class SecuredRedisBackend:
    tls = password = True

    def __init__(self, server: Secured) -> None:
        self._server = server

    def broker(self, topic: str, *, password: str = PASSWORD, trusts: str = "authority") -> RedisMessageBroker:
        return RedisMessageBroker(self._url(password), options=self._options(trusts))

    def source(self, topic: str, *, password: str = PASSWORD, trusts: str = "authority") -> RedisMessageSource:
        return RedisMessageSource(self._url(password), topic, options=self._options(trusts))

    def _url(self, password: str) -> str:
        return f"rediss://{USER}:{password}@{self._server.at['tls']}"

    def _options(self, trusts: str) -> dict[str, str]:
        return {"ssl_ca_certs": str(self._server.certificates / f"{trusts}.pem")}


def _stream(topic: str) -> NatsStream:
    return NatsStream(name=topic, subjects=(topic,))
