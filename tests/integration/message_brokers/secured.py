"""Brokers and sources on servers with TLS and passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from cqrs.message_brokers.amqp.broker import AMQPMessageBroker
from cqrs.message_brokers.amqp.source import AMQPMessageSource
from cqrs.message_brokers.kafka.broker import KafkaMessageBroker, KafkaMessageSource
from cqrs.message_brokers.kafka.producer import KafkaConnection, KafkaProducer
from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.message_brokers.nats.source import NatsMessageSource
from cqrs.message_brokers.nats.stream import NatsStream
from cqrs.message_brokers.redis.broker import RedisMessageBroker
from cqrs.message_brokers.redis.source import RedisMessageSource
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


class SecuredRabbitMQBackend:
    tls = password = True

    def __init__(self, server: Secured) -> None:
        self._server = server

    def broker(self, topic: str, *, password: str = PASSWORD, trusts: str = "authority") -> AMQPMessageBroker:
        context = self._server.trusting(trusts)
        return AMQPMessageBroker(dsn=self._url(password), exchange_name=topic, ssl_context=context)

    def source(self, topic: str, *, password: str = PASSWORD, trusts: str = "authority") -> AMQPMessageSource:
        context = self._server.trusting(trusts)
        return AMQPMessageSource(self._url(password), topic, exchange_name=topic, ssl_context=context)

    def _url(self, password: str) -> str:
        return f"amqps://{USER}:{password}@{self._server.at['tls']}/"


class SecuredKafkaBackend:
    """By the listener for TLS alone."""

    tls, password = True, False
    listener, security = "tls", {"security_protocol": "SSL"}

    def __init__(self, server: Secured) -> None:
        self._server = server

    def broker(self, topic: str, *, password: str = PASSWORD, trusts: str = "authority") -> KafkaMessageBroker:
        return KafkaMessageBroker(KafkaProducer(self._connection(password, trusts), retry_count=0))

    def source(self, topic: str, *, password: str = PASSWORD, trusts: str = "authority") -> KafkaMessageSource:
        return KafkaMessageSource(self._connection(password, trusts), topic, f"{topic}-group")

    def _connection(self, password: str, trusts: str) -> KafkaConnection:
        settings: dict[str, Any] = dict(self.security)
        if self.tls:
            settings["ssl_context"] = self._server.trusting(trusts)
        if self.password:
            settings |= {"user": USER, "password": password}
        return KafkaConnection(bootstrap_servers=self._server.at[self.listener], **settings)


class KafkaByPlainPassword(SecuredKafkaBackend):
    tls, password = False, True
    listener, security = "password", {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN"}


class KafkaByScram(SecuredKafkaBackend):
    tls, password = False, True
    listener, security = "password", {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-256"}


class KafkaByScramAndTLS(SecuredKafkaBackend):
    tls, password = True, True
    listener, security = "both", {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-256"}


def _stream(topic: str) -> NatsStream:
    return NatsStream(name=topic, subjects=(topic,))
