"""Runs the service, and plays the other services that publish events."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, cast

from faststream import BaseMiddleware

from examples.faststream_consumer.service import TOPIC, app, broker
from examples.faststream_consumer.welcome import UserCreated, UserCreatedEvent


class Done(BaseMiddleware):
    """Tells when the subscriber is done with a message."""

    messages: ClassVar[asyncio.Queue[Any]] = asyncio.Queue()

    async def consume_scope(self, call_next: Callable[[Any], Awaitable[Any]], msg: Any) -> Any:
        """Called around the subscriber; if that fails, the line after it is not reached."""
        answer = await call_next(msg)
        self.messages.put_nowait(msg)
        return answer


async def main() -> None:
    """Start, publish, wait, stop."""
    cast("Any", broker).add_middleware(Done)  # partly unknown to type checkers in FastStream 0.5
    await app.start()
    print("publishing ada, bob and something else")
    for user_id in ("ada", "bob"):
        event = UserCreatedEvent(event_name="user_created", payload=UserCreated(user_id=user_id))
        await broker.publish(event.model_dump_json(), TOPIC, key=b"users")
    await broker.publish('{"event_name": "user_created", "payload": {}}', TOPIC, key=b"users")
    for _ in range(3):
        await Done.messages.get()
    await app.stop()
    print("all three are acknowledged")


if __name__ == "__main__":
    asyncio.run(main())
