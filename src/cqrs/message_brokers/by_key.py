"""Send a batch over a broker that confirms each message by itself: keys concurrently, messages of one key in order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from cqrs.envelope import Envelope


async def send_by_key(
    envelopes: Sequence[Envelope], send: Callable[[Envelope], Awaitable[None]]
) -> list[Exception | None]:
    """Send ``envelopes`` with ``send``; returns what ``MessageBroker.send`` returns.

    The next message of a key is sent after the previous one is confirmed. Otherwise a broker could refuse one message
    and accept the next, which would break the order. Different keys do not wait for each other, and neither do
    messages without a key.
    """
    results: list[Exception | None] = [None] * len(envelopes)
    chains: dict[str | int, list[int]] = {}
    for index, envelope in enumerate(envelopes):
        chains.setdefault(index if envelope.key is None else envelope.key, []).append(index)

    async def send_chain(chain: list[int]) -> None:
        for position, index in enumerate(chain):
            try:
                await send(envelopes[index])
            except Exception as error:  # noqa: BLE001  # it is the result
                for unsent in chain[position:]:
                    results[unsent] = error
                return

    async with asyncio.TaskGroup() as tasks:
        for chain in chains.values():
            tasks.create_task(send_chain(chain))
    return results
