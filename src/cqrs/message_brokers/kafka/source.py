"""The source for Kafka: a member of a consumer group."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from cqrs._arguments import check_text, check_texts
from cqrs._renamed import renamed_parameters
from cqrs.errors.messages import BrokerUnavailable
from cqrs.message_brokers.driver_logs import quiet
from cqrs.message_brokers.kafka.connection import KafkaConnection, giving_up_before
from cqrs.message_brokers.kafka.driver import Consumer, KafkaError, RebalanceListener, UnknownTopic
from cqrs.message_brokers.kafka.ending import close_connections_of, driver_cancellations_as_errors, stop
from cqrs.message_brokers.kafka.progress import Progress
from cqrs.message_brokers.kafka.pulse import Pulse
from cqrs.message_brokers.kafka.refusal import refusal
from cqrs.message_brokers.kafka.window import Item, Window
from cqrs.message_brokers.kafka.wire import by_place, to_envelope
from cqrs.message_brokers.protocol import Features
from cqrs.message_brokers.source import Delivery, MessageSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cqrs.envelope import Envelope

_OURS = {"enable_auto_commit": False, "isolation_level": "read_committed", "group_id": None}
_DEFAULTS = {
    "auto_offset_reset": "earliest",
    "session_timeout_ms": 10_000,
    # A member counts as alive while its event loop runs, however long its handlers take for a batch.
    "max_poll_interval_ms": 3_600_000,
    "rebalance_timeout_ms": 60_000,
}
_FETCH = 1.0  # seconds that one fetch takes at most, so that a longer `receive` notices an outage


class KafkaDelivery(Delivery):
    """A message from Kafka. After its partition has gone to another member, ``ack`` and ``nack`` have no effect."""

    def __init__(self, source: KafkaMessageSource, window: Window, item: Item, envelope: Envelope) -> None:
        self.envelope = envelope
        self.attempt = item.deliveries
        self._source = source
        self._window = window
        self._item = item
        self._settled = False

    async def ack(self) -> None:
        """Acknowledge it; see the source for when its offset is committed."""
        await self._source.ack([self])

    def acknowledge(self) -> bool:
        """Acknowledge it without a commit; returns whether it was not acknowledged or given back before."""
        is_first = self._is_first_call()
        if is_first:
            self._window.ack(self._item)
        return is_first

    async def nack(self, delay: float = 0.0) -> None:
        """Deliver it again after ``delay`` seconds; later messages of its key wait until then."""
        if self._is_first_call():
            self._window.nack(self._item, asyncio.get_running_loop().time() + delay)
            self._source.wake_release()

    def _is_first_call(self) -> bool:
        is_first, self._settled = not self._settled, True
        return is_first


class KafkaMessageSource(MessageSource):
    """Receives ``topics`` as a member of ``group``, from their beginning if the group is new.

    Messages may be acknowledged in any order. The source commits the offset up to which a partition is acknowledged
    without a gap: every ``commit_interval`` seconds, before a partition goes to another member, and in ``close``.
    After a crash, messages beyond the last committed offset are delivered again. If Kafka refuses a commit, that is
    logged once, delays no message, and is tried again every ``commit_interval`` seconds. Only messages of committed
    Kafka transactions are received.

    In a rebalance the source waits up to ``drain_timeout`` seconds for delivered messages to be acknowledged; those
    that are not are delivered again, by the member that gets the partition. At most ``max_unacknowledged`` messages of
    a partition are fetched and not acknowledged. ``read`` makes an envelope of a record that this package did not
    send, by default ``by_place``; if it raises, the error becomes the reason why the record is unreadable.
    ``connection`` is ``host:port`` or a ``KafkaConnection``, whose options go to the consumer of aiokafka. A call that
    takes longer than ``timeout`` seconds counts as an outage. A cluster that is silent for five seconds is pinged: no
    answer within three seconds is logged, no answer within ``timeout`` seconds is an outage. Joining the group takes up
    to ``session_timeout_ms`` of the driver (ten seconds) plus two seconds if another member has died.
    """

    features = Features(durable=True, ordered_across_members=True, redelivers_in_order=True)

    @renamed_parameters("KafkaMessageSource", foreign="read", max_open="max_unacknowledged")
    def __init__(  # noqa: PLR0913  # each is an option of its own
        self,
        connection: str | Sequence[str] | KafkaConnection,
        topics: str | Sequence[str],
        group: str,
        *,
        read: Callable[[Any], Envelope] = by_place,
        max_unacknowledged: int = 1000,
        commit_interval: float = 1.0,
        drain_timeout: float = 5.0,
        timeout: float = 30.0,
    ) -> None:
        check_texts("topics", topics, "a topic, or a list of them")
        check_text("group", group, "the name of the group")
        if not isinstance(connection, KafkaConnection):
            check_texts("connection", connection, "the addresses of the servers, or a KafkaConnection(...)")
            connection = KafkaConnection(bootstrap_servers=connection)
        self.connection = connection
        self.topics = (topics,) if isinstance(topics, str) else tuple(topics)
        self.group = group
        self._read = read
        self._max_unacknowledged = max_unacknowledged
        self._drain_timeout = drain_timeout
        self._timeout = timeout
        self._consumer: Any = None
        self._pulse: Pulse | None = None
        self._windows: dict[Any, Window] = {}
        self._progress = Progress(str(connection), group, commit_interval, timeout)
        self._settled = asyncio.Event()
        connection.arguments(Consumer, _OURS, {})  # raises for wrong options

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.group} of {self.connection}>"

    async def start(self) -> None:
        """Join the group."""
        if self._consumer is not None:
            return
        quiet("aiokafka")
        arguments = self.connection.arguments(Consumer, {**_OURS, "group_id": self.group}, _DEFAULTS)
        # A group waits for dead members before it admits a new one: giving up earlier would add another dead member.
        patience = max(self._timeout, (arguments["session_timeout_ms"] + 2000) / 900)
        arguments |= giving_up_before(patience, arguments)
        consumer = Consumer(**arguments)
        consumer.subscribe(self.topics, listener=_Listener(self.release))
        try:
            async with asyncio.timeout(patience):
                with driver_cancellations_as_errors():
                    await consumer.start()
        except BaseException as error:
            missing = [topic for topic in self.topics if not consumer.partitions_for_topic(topic)]
            close_connections_of(error)
            await stop(consumer, self._timeout)
            if isinstance(error, UnknownTopic):
                what = f"it has no topic {', '.join(missing)}, or it has no leader"
                raise BrokerUnavailable(str(self.connection), what, "make the topic, or correct its name") from error
            if isinstance(error, (KafkaError, OSError)):
                raise await refusal(self.connection, error) from error
            raise
        self._consumer = consumer
        self._pulse = Pulse(consumer._client, str(self.connection), self._timeout)  # noqa: SLF001  # the driver's own has no public name

    async def close(self) -> None:
        """Commit the offsets and leave the group."""
        if self._consumer is None:
            return
        try:
            await self._commit(self._windows)
        except BrokerUnavailable:
            pass  # the messages are delivered again
        finally:
            await self._discard()

    async def receive(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Delivery]:  # noqa: ASYNC109  # the port's
        """The messages that have arrived, partition by partition, in the order of each partition."""
        await self.start()
        if self._progress.is_due(soon=True):
            await self._commit(self._windows)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            deliveries = self._deliver(limit, loop.time())
            due = [at for window in self._windows.values() if (at := window.next_due()) is not None]
            left = min([deadline, *due]) - loop.time()
            if deliveries or loop.time() >= deadline:
                return deliveries
            await self._fetch(limit, max(left, 0.001))

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge ``deliveries``, and commit if ``commit_interval`` seconds have passed since the last commit."""
        for delivery in deliveries:
            if not isinstance(delivery, KafkaDelivery):
                await delivery.ack()  # a wrapper, whose `ack` may do more
            elif delivery.acknowledge():
                self.wake_release()
        if self._progress.is_due():
            await self._commit(self._windows)

    def wake_release(self) -> None:
        """Let a waiting :meth:`release` check its partitions again. For deliveries of this source."""
        self._settled.set()

    async def release(self, partitions: Iterable[Any]) -> None:
        """Release ``partitions`` in a rebalance: wait until their deliveries are acknowledged, and commit."""
        released = {tp: self._windows[tp] for tp in partitions if tp in self._windows}
        for window in released.values():
            window.leaving = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._drain_timeout):
                while any(window.in_flight for window in released.values()):
                    self._settled.clear()
                    await self._settled.wait()
        with contextlib.suppress(BrokerUnavailable):
            await self._commit(released)
        self._forget(released)

    def _deliver(self, limit: int, now: float) -> list[Delivery]:
        deliveries: list[Delivery] = []
        for tp, window in list(self._windows.items()):
            items = window.ready(limit - len(deliveries), now)
            if not items:
                continue
            envelopes = [to_envelope(item.record, self._read) for item in items]
            window.deliver(items)
            deliveries += [
                KafkaDelivery(self, window, item, envelope) for item, envelope in zip(items, envelopes, strict=True)
            ]
            self._windows[tp] = self._windows.pop(tp)  # so that the other partitions come first next time
            if len(deliveries) >= limit:
                break
        return deliveries

    async def _fetch(self, limit: int, seconds: float) -> None:
        consumer, pulse = self._consumer, self._pulse
        assert pulse is not None  # noqa: S101  # a consumer has one
        full = {tp for tp, window in self._windows.items() if len(window) >= self._max_unacknowledged}
        seconds = min(seconds, _FETCH)
        try:
            pulse.check()
        except TimeoutError as error:
            await self._discard(lost=True)
            raise BrokerUnavailable(str(self.connection), error) from error
        try:
            consumer.pause(*full)
            consumer.resume(*(consumer.paused() - full))
            async with asyncio.timeout(seconds):
                with driver_cancellations_as_errors():
                    # It returns early if records arrive, and late during a rebalance.
                    fetched = await consumer.getmany(timeout_ms=int(seconds * 1000) + 1, max_records=limit)
        except TimeoutError:
            return
        except (KafkaError, OSError) as error:
            await self._discard()
            raise BrokerUnavailable(str(self.connection), error) from error
        if fetched:
            pulse.note_answer()
        for tp, records in fetched.items():
            self._windows.setdefault(tp, Window()).add(records)

    async def _commit(self, windows: Mapping[Any, Window]) -> None:
        pulse = self._pulse
        if await self._progress.commit(self._consumer, windows) and pulse is not None:
            pulse.note_answer()

    async def _discard(self, *, lost: bool = False) -> None:
        self._forget(dict(self._windows))
        consumer, self._consumer = self._consumer, None
        pulse, self._pulse = self._pulse, None
        if pulse is not None:
            await pulse.end()
        await stop(consumer, self._timeout, lost=lost)

    def _forget(self, windows: dict[Any, Window]) -> None:
        """Remove ``windows``: later acknowledgements in them have no effect."""
        for tp, window in windows.items():
            if self._windows.get(tp) is window:
                del self._windows[tp]


class _Listener(RebalanceListener):  # type: ignore[misc]  # the driver has no types
    def __init__(self, release: Callable[[Iterable[Any]], Any]) -> None:
        self._release = release

    async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        await self._release(revoked)

    def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        """Do nothing: the window of a partition is made when its first records arrive."""
