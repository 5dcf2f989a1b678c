"""Step 5, Redis Streams through redis-py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqrs.errors.messages import BrokerUnavailable, MessageRejected
from cqrs.message_brokers.protocol import Features, MessageBroker
from cqrs.message_brokers.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqrs.envelope import Envelope
    from cqrs.message_brokers.protocol import Message

BODY = "message-body"

# One script takes a batch as a whole, in order: where a message fails, the later ones of its key are not added.
_ADD = """
local results, failed, at = {}, {}, 2
for n, stream in ipairs(KEYS) do
    local key, count = ARGV[at], tonumber(ARGV[at + 1])
    if failed[key] then
        results[n] = failed[key]
    else
        local command = {'XADD', stream}
        if ARGV[1] ~= '' then
            command = {'XADD', stream, 'MAXLEN', '~', ARGV[1]}
        end
        command[#command + 1] = '*'
        for i = at + 2, at + 1 + count do
            command[#command + 1] = ARGV[i]
        end
        local answer = redis.pcall(unpack(command))
        results[n] = type(answer) == 'table' and answer.err or ''
        if key ~= '' and results[n] ~= '' then
            failed[key] = results[n]
        end
    end
    at = at + 2 + count
end
return results
"""


class RedisMessageBroker(MessageBroker):
    """Adds to the stream that has the name of the topic.

    A confirmed message is in the memory of the server. Whether it survives a crash is a setting of the server:
    ``appendonly yes`` with ``appendfsync always`` keeps all of them, ``everysec`` loses up to a second, no file loses
    everything.

    A stream grows for ever unless ``maxlen`` says how many messages it keeps, about; older ones are dropped, read or
    not. A topic that is something else than a stream is a ``MessageRejected``; a server that is full or read-only is a
    ``BrokerUnavailable``. ``options`` go to ``redis.asyncio.Redis.from_url``, for TLS use ``rediss://``.
    """

    features = Features(durable=False, ordered=True)

    def __init__(
        self, url: str, *, maxlen: int | None = None, timeout: float = 10.0, options: Mapping[str, Any] | None = None
    ) -> None:
        self._server = RedisServer(url, timeout, options)
        self._add = self._server.client.register_script(_ADD)
        self._maxlen = maxlen

    async def send_message(self, message: Message) -> None:
        """Send ``message``. When this returns, the server has it in memory."""
        (error,) = await self.send([message.to_envelope()])
        if error is not None:
            raise error

    async def send(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        """Send many in one round trip, all or none in an outage."""
        if not envelopes:
            return []
        arguments: list[str | bytes | int] = ["" if self._maxlen is None else self._maxlen]
        for envelope in envelopes:
            fields = [part for header in envelope.to_headers().items() for part in header]
            key = "" if envelope.key is None else f"k{envelope.key}"
            arguments += [key, len(fields) + 2, *fields, BODY, envelope.body]
        try:
            with self._server.outage():
                answers: list[bytes] = await self._add(keys=[e.topic for e in envelopes], args=arguments)
        except BrokerUnavailable as error:
            return [error] * len(envelopes)
        return self._results(envelopes, answers)

    async def start(self) -> None:
        """Connect. Safe to call again. Raises ``BrokerUnavailable`` if that is not possible now."""
        with self._server.outage():
            await self._server.client.ping()  # pyright: ignore[reportUnknownMemberType]  # the driver's

    async def close(self) -> None:
        """Disconnect. Safe to call again, and before :meth:`start`."""
        await self._server.close()

    def _results(self, envelopes: Sequence[Envelope], answers: Sequence[bytes]) -> list[Exception | None]:
        results: list[Exception | None] = []
        failed: dict[str | None, Exception] = {}
        for envelope, answer in zip(envelopes, answers, strict=True):
            error = failed.get(envelope.key) if envelope.key is not None else None
            if error is None and answer:
                text = answer.decode(errors="replace")
                error = (
                    MessageRejected(self._server.place, envelope.message_id, f"{envelope.topic!r} is not a stream")
                    if text.startswith("WRONGTYPE")
                    else BrokerUnavailable(self._server.place, text)
                )
                failed[envelope.key] = error
            results.append(error)
        return results
