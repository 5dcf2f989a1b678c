"""Step 5, how a batch is sent where each message is confirmed on its own: keys side by side, a key in its order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from cqrs.envelope import Envelope


async def send_by_key(
    envelopes: Sequence[Envelope], send: Callable[[Envelope], Awaitable[None]]
) -> list[Exception | None]:
    """What ``MessageBroker.send`` returns.

    The next message of a key is sent when the one before is confirmed: a broker can refuse one and take the next, and
    what was refused would then be overtaken. Different keys do not wait for each other, nor do messages without one.
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
