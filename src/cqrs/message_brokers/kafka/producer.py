"""The producer for Kafka, with the driver aiokafka."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from cqrs.envelope import encoded
from cqrs.errors.messages import BrokerUnavailable, MessageRejected
from cqrs.message_brokers.kafka.connection import KafkaConnection
from cqrs.message_brokers.kafka.driver import KafkaError, Producer
from cqrs.message_brokers.kafka.errors import is_rejection
from cqrs.message_brokers.kafka.lane import Record
from cqrs.message_brokers.kafka.refusal import refusal
from cqrs.message_brokers.kafka.session import OURS, Session
from cqrs.message_brokers.reopening import Attempt

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping, Sequence

    from cqrs.message_brokers.kafka.connection import SaslMechanism, SecurityProtocol

    Serializer = Callable[[Any], bytes | bytearray | memoryview | None]

__all__ = ["KafkaConnection", "KafkaProducer", "KafkaProducerAdapter", "kafka_producer_factory"]


class KafkaProducer:
    """Sends to Kafka: confirmed by all in-sync replicas, in order per partition, without duplicates per connection.

    It connects at its first use, in the event loop that uses it. Safe to share between the tasks of that loop.
    ``topics`` are the topics it will send to: their metadata are fetched together when it connects. Connecting is
    retried ``retry_count`` times, ``retry_delay`` seconds apart, for ``timeout`` seconds at most. A batch that is not
    confirmed within ``timeout`` seconds counts as an outage too.
    """

    def __init__(  # noqa: PLR0913  # each is an option of its own
        self,
        connection: KafkaConnection,
        *,
        topics: Sequence[str] = (),
        retry_count: int = 3,
        retry_delay: float = 1,
        timeout: float = 30.0,
        value_serializer: Serializer | None = None,
    ) -> None:
        connection.arguments(Producer, OURS, {})  # raises for wrong options
        self.connection = connection
        self.topics = tuple(topics)
        self._retry_count = retry_count
        self._retry_delay = retry_delay
        self._timeout = timeout
        self._value_serializer = value_serializer
        self._session: Session | None = None
        self._opening: Attempt[Session] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.connection}>"

    async def produce(
        self,
        topic: str,
        message: Any,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send one message and wait until it is confirmed. :meth:`encode` makes bytes of it.

        Raises ``BrokerUnavailable`` and ``MessageRejected``.
        """
        try:
            value = self.encode(message)
        except Exception as error:
            raise MessageRejected(str(self.connection), f"to {topic}", error) from error
        pairs = [(name, text.encode()) for name, text in (headers or {}).items()]
        (failure,) = await self.send([Record(topic, None if key is None else key.encode(), value, pairs)])
        if failure is not None and is_rejection(failure):
            raise MessageRejected(str(self.connection), f"to {topic}", failure) from failure
        if failure is not None:
            raise BrokerUnavailable(str(self.connection), failure) from failure

    def encode(self, payload: Any) -> bytes:
        """Return bytes unchanged, and anything else encoded by ``value_serializer``, by default as JSON."""
        if self._value_serializer is None or isinstance(payload, bytes):
            return encoded(payload)
        return bytes(self._value_serializer(payload) or b"")

    async def send(self, records: Sequence[Record]) -> list[Exception | None]:
        """Send ``records`` as a pipeline; returns for each, in order, the driver's error or ``None``.

        Raises ``BrokerUnavailable`` if it cannot connect.
        """
        return await (await self._opened()).send(records)

    async def start(self) -> None:
        """Connect. Safe to call again. Raises ``BrokerUnavailable``."""
        await self._opened()

    async def close(self) -> None:
        """Send what is buffered and disconnect; the next use connects again. Safe to call again.

        A send that still waits for the connection to open raises ``BrokerUnavailable``.
        """
        if self._opening is not None and self._opening.loop is asyncio.get_running_loop():
            await self._opening.end()
        session, self._session = self._session, None
        if session is not None and session.loop is asyncio.get_running_loop():
            try:
                await session.close()
            except (KafkaError, OSError) as error:
                raise BrokerUnavailable(str(self.connection), error) from error

    async def _opened(self) -> Session:
        loop = asyncio.get_running_loop()
        if self._session is not None and self._session.lost is None and self._session.loop is loop:
            return self._session
        if self._opening is None or self._opening.is_over or self._opening.loop is not loop:
            self._opening = Attempt(str(self.connection), self._open())
        return await self._opening.result()

    async def _open(self) -> Session:
        if self._session is not None and self._session.loop is asyncio.get_running_loop():
            await self._session.close()  # it is lost; wait until it is closed
        try:
            async with asyncio.timeout(self._timeout):
                self._session = session = await self._connect()
        except (KafkaError, OSError) as error:
            raise await refusal(self.connection, error) from error
        return session

    async def _connect(self) -> Session:
        for _ in range(self._retry_count):
            try:
                return await Session.open(self.connection, self.topics, self._timeout)
            except (KafkaError, OSError):
                await asyncio.sleep(self._retry_delay)
        return await Session.open(self.connection, self.topics, self._timeout)


class KafkaProducerAdapter(KafkaProducer):
    """A producer for ``bootstrap_servers``; further options are those of ``kafka_producer_factory``."""

    def __init__(self, bootstrap_servers: str | Sequence[str] = "localhost:9092", **options: Any) -> None:
        ours = {name: options.pop(name) for name in _PRODUCER if name in options}
        named = {name: options.pop(name) for name in _CONNECTION if name in options}
        super().__init__(KafkaConnection(bootstrap_servers=bootstrap_servers, options=options, **named), **ours)


_PRODUCER = ("topics", "retry_count", "retry_delay", "timeout", "value_serializer")
_CONNECTION = ("security_protocol", "sasl_mechanism", "ssl_context", "user", "password")


def kafka_producer_factory(  # noqa: PLR0913, PLR0917  # each is an option of its own
    dsn: str | Sequence[str],
    security_protocol: SecurityProtocol = "PLAINTEXT",
    sasl_mechanism: SaslMechanism = "PLAIN",
    ssl_context: ssl.SSLContext | None = None,
    retry_count: int = 3,
    retry_delay: float = 1,
    user: str | None = None,
    password: str | None = None,
    value_serializer: Serializer | None = None,
    *,
    topics: Sequence[str] = (),
    timeout: float = 30.0,
    **options: Any,
) -> KafkaProducer:
    """A producer for the servers in ``dsn``, as ``host:port``, several separated by commas. It does not connect yet.

    Further ``options`` are passed to aiokafka: ``compression_type``, ``client_id``, ``sasl_oauth_token_provider`` and
    so on. Raises ``WiringError`` for mistakes.
    """
    connection = KafkaConnection(
        bootstrap_servers=dsn,
        security_protocol=security_protocol,
        sasl_mechanism=sasl_mechanism,
        ssl_context=ssl_context,
        user=user,
        password=password,
        options=options,
    )
    return KafkaProducer(
        connection,
        topics=topics,
        retry_count=retry_count,
        retry_delay=retry_delay,
        timeout=timeout,
        value_serializer=value_serializer,
    )
