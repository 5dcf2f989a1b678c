"""The client of a Redis server, for brokers and sources."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError, ReadOnlyError, RedisError

from cqrs.errors.root import CQRSError
from cqrs.message_brokers.addresses import parts_of, place_of
from cqrs.message_brokers.refusal import unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

_SCHEMES = ("redis", "rediss", "unix")


class RedisServer:
    """A client that connects at its first use, raises at once during an outage, and reconnects at the next use."""

    def __init__(self, url: str, timeout: float, options: Mapping[str, Any] | None) -> None:
        self.place = place_of("Redis", parts_of(url, "url", _SCHEMES, "redis://user:password@host:6379/0"))
        # No retries by the driver: they could send a message twice unnoticed.
        without_retries: dict[str, Any] = {
            "retry": Retry(NoBackoff(), 0),
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
        }
        self.client: Redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]  # the driver's
            url, **without_retries, **(options or {}), decode_responses=False, protocol=2
        )

    async def close(self) -> None:
        """Disconnect. The next use connects again."""
        with contextlib.suppress(RedisError, OSError):
            await self.client.aclose()

    async def disconnect(self) -> None:
        """Disconnect from a server that has become a replica: its address may lead to the new primary by now."""
        with contextlib.suppress(RedisError, OSError):
            await self.client.connection_pool.disconnect()

    @contextlib.asynccontextmanager
    async def outage(self) -> AsyncGenerator[None]:
        """Raise every error of the driver as ``BrokerUnavailable``."""
        try:
            yield
        except CQRSError:
            raise
        except (RedisError, OSError) as error:
            if isinstance(error, ReadOnlyError):
                await self.disconnect()
            raise unavailable(self.place, error, _refused) from error


def _refused(error: BaseException) -> bool:
    return isinstance(error, (AuthenticationError, AuthorizationError, NoPermissionError))
