"""The broker for Redis Streams, with redis-py."""

from __future__ import annotations

import logging
from itertools import chain
from typing import TYPE_CHECKING, Any

from redis.exceptions import NoPermissionError

from cqrs._text import shown
from cqrs.errors.messages import BrokerUnavailable, MessageRejected
from cqrs.message_brokers.outgoing import headers_of
from cqrs.message_brokers.protocol import Features, MessageBroker
from cqrs.message_brokers.redis.link import RedisServer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.protocol import Message

_log = logging.getLogger(__name__)

BODY = "message-body"
_MADE = b"+"
_READ_ONLY = (b"READONLY", b"-READONLY")

# One script adds a batch in order: if a message fails, the later ones of its key are not added.
_ADD = """
local results, failed, at = {}, {}, 2
for n, stream in ipairs(KEYS) do
    local key, count = ARGV[at], tonumber(ARGV[at + 1])
    if failed[key] then
        results[n] = failed[key]
    else
        local command = {'XADD', stream, 'NOMKSTREAM'}
        if ARGV[1] ~= '' then
            command = {'XADD', stream, 'NOMKSTREAM', 'MAXLEN', '~', ARGV[1]}
        end
        command[#command + 1] = '*'
        for i = at + 2, at + 1 + count do
            command[#command + 1] = ARGV[i]
        end
        local add = function() return redis.pcall(unpack(command)) end
        local called, answer = pcall(add)
        local made = called and answer == false
        if made then
            table.remove(command, 3)
            called, answer = pcall(add)
        end
        if not called then
            results[n] = 'ERR ' .. tostring(answer)
        elseif type(answer) == 'table' and answer.err then
            results[n] = answer.err
        else
            results[n] = made and '+' or ''
        end
        if key ~= '' and results[n] ~= '' and results[n] ~= '+' then
            failed[key] = results[n]
        end
    end
    at = at + 2 + count
end
return results
"""
_NOTHING = "return 1"  # fails only if the user may not access its key


class RedisMessageBroker(MessageBroker):
    """Adds messages to the stream that is named like the topic.

    A confirmed message is in the memory of the server. Whether it survives a crash is a setting of the server:
    ``appendonly yes`` with ``appendfsync always`` keeps all of them, ``everysec`` loses up to a second, no file loses
    everything.

    A stream grows without limit unless ``maxlen`` sets about how many messages it keeps; older ones are dropped,
    whether or not they were received. Raises ``MessageRejected`` if the key of the topic is not a stream or the user
    may not write it, and ``BrokerUnavailable`` if the server is full or read-only. The creation of a stream is logged
    at the level INFO. ``options`` are passed to ``redis.asyncio.Redis.from_url``; for TLS use ``rediss://``.
    """

    features = Features(durable=False, ordered=True)

    def __init__(
        self, url: str, *, maxlen: int | None = None, timeout: float = 10.0, options: Mapping[str, Any] | None = None
    ) -> None:
        self._server = RedisServer(url, timeout, options)
        self._add = self._server.client.register_script(_ADD)
        self._check_access = self._server.client.register_script(_NOTHING)
        self._maxlen = maxlen

    def __repr__(self) -> str:
        return f"<{type(self).__name__} on {self._server.place}>"

    async def send_message(self, message: Message) -> None:
        """Send ``message``. When this returns, the server has it in memory."""
        (error,) = await self.send([message.to_envelope()])
        if error is not None:
            raise error

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        """Send ``envelopes`` in one round trip; during an outage, all or none are sent."""
        refused: dict[int, Exception] = {}
        fields: dict[int, list[str | bytes]] = {}
        for number, envelope in enumerate(envelopes):
            try:
                headers = headers_of(envelope, self._server.place)
            except MessageRejected as error:
                refused[number] = error
            else:
                fields[number] = [*chain.from_iterable(headers.items()), BODY, envelope.body]
        results = _with_keys(envelopes, refused)
        if left := [number for number, error in enumerate(results) if error is None]:
            refused |= await self._send_some(envelopes, fields, left)
            results = _with_keys(envelopes, refused)
        return results

    async def start(self) -> None:
        """Connect. Safe to call again. Raises ``BrokerUnavailable`` if that is not possible now."""
        async with self._server.outage():
            await self._server.client.ping()  # pyright: ignore[reportUnknownMemberType]  # the driver's

    async def close(self) -> None:
        """Disconnect. Safe to call again, and before :meth:`start`."""
        await self._server.close()

    async def _send_some(
        self, envelopes: Sequence[Envelope], fields: Mapping[int, list[str | bytes]], numbers: list[int]
    ) -> dict[int, Exception]:
        """Send the envelopes with these ``numbers``; returns the errors by number."""
        try:
            return await self._added(envelopes, fields, numbers)
        except BrokerUnavailable as error:
            outage = error
        if not isinstance(outage.reason, NoPermissionError):
            return dict.fromkeys(numbers, outage)
        # One topic without permission prevents the script from running for all.
        try:
            forbidden = await self._forbidden({envelopes[number].topic for number in numbers})
            refused = {n: self._not_permitted(envelopes[n]) for n in numbers if envelopes[n].topic in forbidden}
            results = _with_keys(envelopes, refused)
            left = [number for number in numbers if results[number] is None]
            return refused | (await self._added(envelopes, fields, left) if left else {})
        except BrokerUnavailable as error:
            return dict.fromkeys(numbers, error)

    async def _added(
        self, envelopes: Sequence[Envelope], fields: Mapping[int, list[str | bytes]], numbers: list[int]
    ) -> dict[int, Exception]:
        arguments: list[str | bytes | int] = ["" if self._maxlen is None else self._maxlen]
        for number in numbers:
            key = envelopes[number].key
            arguments += ["" if key is None else f"k{key}", len(fields[number]), *fields[number]]
        async with self._server.outage():
            answers: list[bytes] = await self._add(keys=[envelopes[n].topic for n in numbers], args=arguments)
        if any(answer.startswith(_READ_ONLY) for answer in answers):
            await self._server.disconnect()
        errors: dict[int, Exception] = {}
        for number, answer in zip(numbers, answers, strict=True):
            if answer == _MADE:
                _log.info("%s had no stream %r; it was created", self._server.place, shown(envelopes[number].topic))
            elif answer:
                errors[number] = self._error(envelopes[number], answer.decode(errors="replace"))
        return errors

    async def _forbidden(self, topics: set[str]) -> set[str]:
        """The ``topics`` that the user may not write. Raises ``BrokerUnavailable`` if it may write none at all."""
        forbidden: set[str] = set()
        for topic in topics:
            async with self._server.outage():
                try:
                    await self._check_access(keys=[topic])
                except NoPermissionError as error:
                    if "command" in str(error):
                        raise
                    forbidden.add(topic)
        return forbidden

    def _error(self, envelope: Envelope, answer: str) -> Exception:
        text = answer.removeprefix("-")
        if text.startswith("WRONGTYPE"):
            return self._rejected(envelope, f"{shown(envelope.topic)!r} is not a stream")
        if "can't access" in text or text.startswith("NOPERM"):
            return self._not_permitted(envelope)
        if "can't run this command" in text:
            return BrokerUnavailable(self._server.place, text, "let its user run XADD, by ACL SETUSER <user> +xadd")
        if text.startswith("ERR"):  # errors about the server itself have codes of their own: OOM, READONLY, LOADING
            return self._rejected(envelope, text)
        return BrokerUnavailable(self._server.place, text)

    def _not_permitted(self, envelope: Envelope) -> MessageRejected:
        topic = shown(envelope.topic)
        return self._rejected(envelope, f"its user may not write {topic!r}: let it, by ACL SETUSER <user> ~{topic}")

    def _rejected(self, envelope: Envelope, reason: str) -> MessageRejected:
        return MessageRejected(self._server.place, envelope.message_id, reason)


def _with_keys(envelopes: Sequence[Envelope], errors: Mapping[int, Exception]) -> list[Exception | None]:
    """The errors by position; after a failed message, later ones of its key get its error."""
    results: list[Exception | None] = []
    failed: dict[str, Exception] = {}
    for number, envelope in enumerate(envelopes):
        error = errors.get(number)
        if envelope.key is not None:
            error = failed.get(envelope.key, error)
            if error is not None:
                failed[envelope.key] = error
        results.append(error)
    return results
