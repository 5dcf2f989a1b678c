"""A broker in memory, for tests, and the reference for the others."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from cqrs._arguments import check_text, check_texts
from cqrs.message_brokers.memory.group import Group, MemoryMessageSource
from cqrs.message_brokers.outgoing import headers_of
from cqrs.message_brokers.protocol import MessageBroker, ready

if TYPE_CHECKING:
    from cqrs.message_brokers.protocol import Message


class MemoryMessageBroker(MessageBroker):
    """Keeps the messages, in the order of sending, until the process ends; its sources deliver them to groups."""

    features = MemoryMessageSource.features

    def __init__(self) -> None:
        self._sent: list[Message] = []
        self._groups: dict[str, Group] = {}
        self._arrived = asyncio.Event()

    @property
    def sent(self) -> tuple[Message, ...]:
        """All messages that were sent so far."""
        return tuple(self._sent)

    def topic(self, name: str) -> tuple[Message, ...]:
        """The messages that were sent to the topic ``name``."""
        return tuple(message for message in self._sent if message.topic == name)

    async def send_message(self, message: Message) -> None:
        """Keep ``message`` and offer it to every group. Raises ``MessageRejected`` for headers that are no texts."""
        envelope = ready(message).to_envelope()
        headers_of(envelope, "The broker in memory")
        self._sent.append(message)
        for group in self._groups.values():
            group.offer(envelope)
        self.wake()

    def source(self, *topics: str, group: str = "default") -> MemoryMessageSource:
        """A member of ``group``, which receives ``topics`` from their beginning, the same for each of its members."""
        check_texts("topics", topics, "one topic or more, each as an argument of its own")
        check_text("group", group, "the name of the group")
        if group not in self._groups:
            self._groups[group] = Group(frozenset(topics))
            for message in self._sent:
                self._groups[group].offer(message.to_envelope())
        return MemoryMessageSource(self, self._groups[group])

    def wake(self) -> None:
        """Wake the sources that wait, because there may be a message for them."""
        arrived, self._arrived = self._arrived, asyncio.Event()
        arrived.set()

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109  # it returns, and does not raise, when time is over
        """Wait until :meth:`wake` is called, at most ``timeout`` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._arrived.wait()
