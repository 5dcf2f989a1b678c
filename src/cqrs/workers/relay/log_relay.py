"""Step 5, the relay of an outbox without a table: sends messages from the log of the database to a broker.

Messages are sent in the order of the commits, and at least once: again, with the same id, if the relay or its
connection dies after the broker has confirmed them and before the relay has confirmed them to the database. Any number
of relays may run: the database lets one of them read, and the others wait to take over.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from typing import TYPE_CHECKING, Any, Protocol

from cqrs._arguments import Needed, check, check_given, check_number
from cqrs._failpoints import reached
from cqrs._logging.texts import describe_broker, describe_database
from cqrs._tasks.cancellation import cancel_and_wait
from cqrs._text import shown, storable
from cqrs.errors.databases import LogBusy, LogSlotLost
from cqrs.errors.messages import BrokerUnavailable, InvalidEnvelope
from cqrs.errors.workers import WorkerCannotStart
from cqrs.message_brokers.arguments import as_broker
from cqrs.outbox.log.content import fit_for_table, unpack, unreadable
from cqrs.outbox.log.protocol import Diverted, LogPosition
from cqrs.outbox.queue import QueuedMessage
from cqrs.workers.policy_checks import described
from cqrs.workers.relay.messages import first_in_line
from cqrs.workers.relay.policy import RELAY_POLICY, RelayPolicy, Verdict
from cqrs.workers.relay.sending import MessageSender
from cqrs.workers.service import Service

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.protocol import MessageBroker
    from cqrs.outbox.log.protocol import Diversion, LoggedMessage, OutboxLog
    from cqrs.outbox.rows import NewRow

logger = logging.getLogger("cqrs")

_PATIENCE = 5.0  # seconds without data until the database is asked whether it is there
_OPENING = 60.0  # seconds until a database that was reached, and does not answer, counts as away


_LOGGED = Needed("an outbox in a log, such as a PostgresLogOutboxedEventRepository(...)", ("diversion", "envelope"))
_LOG = Needed("the log that it stands in, such as a PostgresLog(...)", ("open", "read", "confirm"))


class LoggedOutbox(Protocol):
    """An outbox whose messages are in a log."""

    def diversion(self) -> Diversion:
        """The table for messages that cannot be sent."""
        ...

    def envelope(self, message: QueuedMessage) -> Envelope:
        """The message as it is sent."""
        ...


class _Stopped(Exception):
    """The relay is to end, or another one has taken over; messages that were not confirmed are read again."""


@dataclasses.dataclass(slots=True)
class _Unsent:
    id: LogPosition
    row: NewRow
    envelope: Envelope
    attempts: int = 0


class LogRelay(Service):
    """Sends the messages that ``outbox`` writes to ``log`` with ``message_broker``, until it is stopped.

    During an outage nothing is confirmed, so the database keeps its log: watch ``log.lag()``. A message that the broker
    rejects, or that fails again and again while others are sent, is parked in the table of the outbox; later ones of
    its key follow it there while the table has unsent ones, and an ``OutboxRelay`` sends them from there. Ends with
    ``LogSlotLost`` if the database has discarded messages that were not read. Of ``policy`` it uses ``batch_size``,
    ``classify``, ``attempts``, ``outage_backoff``, ``remind_every``, ``wait_at_start``, and ``lease`` as the longest
    time for a batch.
    """

    def __init__(
        self,
        outbox: LoggedOutbox,
        log: OutboxLog,
        message_broker: MessageBroker,
        policy: RelayPolicy | None = None,
        *,
        standby: float = 1.0,
    ) -> None:
        super().__init__()
        check("outbox", outbox, _LOGGED)
        check("log", log, _LOG)
        check_given("policy", policy, RELAY_POLICY)
        check_number("standby", standby, 0)
        self.policy = policy or RelayPolicy()
        self.wait_at_start = self.policy.wait_at_start
        self.sent = 0
        self.is_reading = False
        self._outbox = outbox
        self._log = log
        self._broker = as_broker(message_broker)
        self._standby = standby
        self._diversion = outbox.diversion()
        self._settled = LogPosition(0, 0)
        self._diverted_keys: set[str] = set()
        self._sender: MessageSender[_Unsent] = MessageSender(self._broker, self.policy, in_order=True)
        self._database, self._broker_name = describe_database(outbox), f"the broker {describe_broker(self._broker)}"
        self._outages = self._outage_log(self.policy)

    def __str__(self) -> str:
        return f"relay of the log {self._log.name}"

    async def _work(self) -> None:
        text = "%s starts to send the messages of %s to %s, with %s"
        logger.info(text, self, self._database, describe_broker(self._broker), described(self.policy))
        await self._connect_first(self._broker.start)
        while not self.is_ending:
            try:
                await self._unless_ending(self._open())
                await self._follow()
            except _Stopped:
                pass
            except (LogSlotLost, WorkerCannotStart):
                raise
            except LogBusy:
                self._ready.set()
                await self._pause(self._standby)
            except Exception as error:  # noqa: BLE001  # whatever a driver raises: an outage of the database
                self._refuse_start(error, self._database)
                await self._pause(self._outages.failed(error, self._database))
            finally:
                self.is_reading = False
                self._log.close()

    async def _open(self) -> None:
        async with asyncio.timeout(_OPENING):
            await self._log.open()

    async def _follow(self) -> None:
        self._settled = await self._diversion.settled(self._log.name)
        self._diverted_keys = await self._diversion.blocked()
        self.is_reading = True
        while True:
            batch = await self._unless_ending(self._log.read(self.policy.batch_size, _PATIENCE))
            self._outages.over()
            messages = [message for message in batch.messages if message.position > self._settled]
            if messages:
                self._in_hand = len(messages)
                await self._send_all(messages)
                self._in_hand = 0
            if batch.end is not None:
                self._log.confirm(batch.end)
                reached("outbox.confirmed")
            self._ready.set()
            await asyncio.sleep(0)

    async def _send_all(self, messages: Sequence[LoggedMessage]) -> None:
        """Return when each message was confirmed by the broker, or is in the table."""
        diverted: dict[LogPosition, Diverted] = {}
        unsent = await self._sendable(messages, diverted)
        while unsent:
            unsent = await self._send(unsent, diverted)
        reached("outbox.published")
        if diverted:
            await self._divert(
                messages[-1].position, [fit_for_table(diverted[position]) for position in sorted(diverted)]
            )
        reached("outbox.settled")

    async def _sendable(
        self, messages: Sequence[LoggedMessage], diverted: dict[LogPosition, Diverted]
    ) -> list[_Unsent]:
        """The messages that can be sent; those that cannot are put into ``diverted``."""
        rows: list[tuple[LogPosition, NewRow]] = []
        for message in messages:
            try:
                rows.append((message.position, unpack(message.content)))
            except InvalidEnvelope as error:
                diverted[message.position] = self._poison(unreadable(message.content), error)
        blocked = await self._blocked({row.envelope.key for _, row in rows})
        unsent: list[_Unsent] = []
        for position, row in rows:
            if row.envelope.key in blocked:
                diverted[position] = Diverted(row)
                continue
            try:
                envelope = self._outbox.envelope(QueuedMessage(0, row.partition, row.envelope, row.compression))
            except Exception as error:  # noqa: BLE001  # a compressor may raise anything
                diverted[position] = self._poison(row, error)
                if row.envelope.key is not None:
                    blocked.add(row.envelope.key)
            else:
                unsent.append(_Unsent(position, row, envelope))
        return unsent

    async def _blocked(self, keys: set[str | None]) -> set[str | None]:
        """The ones of ``keys`` that have unsent messages in the table."""
        asked = self._diverted_keys & {key for key in keys if key is not None}
        if not asked:
            return set()
        found = await self._diversion.blocked(asked)
        self._diverted_keys -= asked - found
        return set(found)

    async def _send(self, unsent: list[_Unsent], diverted: dict[LogPosition, Diverted]) -> list[_Unsent]:
        """Send once; returns the messages that are still to be sent, after a pause if the broker is away."""
        result = await self._sender.send(unsent[: self._sender.limit], lambda _: self.policy.lease)
        self.sent += len(result.sent)
        gone = {one.id for one in result.sent}
        outage, first = result.outage, result.first
        parked: set[str] = set()
        for one, error, counts in result.at_fault:
            one.attempts += 1
            is_outage = self.policy.classify(error) is Verdict.OUTAGE
            if is_outage and not ((counts or _is_of_its_topic(error)) and one.attempts >= self.policy.attempts):
                outage, first = outage or error, first or one
                continue
            diverted[one.id] = self._poison(one.row, error)
            gone.add(one.id)
            parked.update(() if one.envelope.key is None else (one.envelope.key,))
        again = [one for one in unsent if one.id not in gone]
        diverted.update((one.id, Diverted(one.row)) for one in again if one.envelope.key in parked)
        if outage is None:
            self._outages.over()
        else:
            await self._wait_out(self._broker_name, outage, first_in_line(first))
        return [one for one in again if one.envelope.key not in parked]

    async def _divert(self, until: LogPosition, messages: list[Diverted]) -> None:
        done: bool | None = None
        while done is None:
            try:
                done = await self._diversion.divert(self._log.name, self._settled, until, messages)
            except Exception as error:  # noqa: BLE001  # an outage of the database; sending all again would be worse
                await self._wait_out(self._database, error)
        reached("outbox.diverted")
        if not done:
            raise _Stopped
        self._settled = until
        self._diverted_keys |= {m.row.envelope.key for m in messages if m.row.envelope.key is not None}

    def _poison(self, row: NewRow, error: Exception) -> Diverted:
        text = storable(error)
        name, id_ = shown(row.envelope.name), row.envelope.message_id
        logger.warning("%s: %s %s is parked, replay or drop it: %s", self, name, id_, text)
        return Diverted(row, text)

    async def _wait_out(self, missing: str, outage: Exception, first: str = "") -> None:
        await self._pause(self._outages.failed(outage, missing, detail=first))
        if self.is_ending:
            raise _Stopped

    async def _unless_ending(self, work: Coroutine[Any, Any, Any]) -> Any:
        """The result of ``work``. Raises ``_Stopped`` if the relay is to end before."""
        task = asyncio.ensure_future(work)
        end = asyncio.ensure_future(self._ending.wait())
        try:
            await asyncio.wait([task, end], return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise _Stopped
            return task.result()
        finally:
            end.cancel()
            await cancel_and_wait([task])


def _is_of_its_topic(error: Exception) -> bool:
    """Whether only the topic is away: the log, unlike a table, cannot hold back the messages of one topic."""
    return isinstance(error, BrokerUnavailable) and error.topic is not None
