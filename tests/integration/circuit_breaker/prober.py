"""One process of several that share a circuit; commands come as lines on stdin, results go out as lines on stdout."""

from __future__ import annotations

import asyncio
import sys

from cqrs.circuit_breaker.breaker import AioBreakerAdapter
from cqrs.circuit_breaker.redis import redis_storage_factory
from cqrs.errors import CircuitOpenError


async def line() -> str:
    heard: str = await asyncio.to_thread(sys.stdin.readline)
    return heard.strip()


def tell(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


async def probe() -> None:
    tell("probing")
    if await line() == "fail":
        raise ConnectionError


async def main(url: str, namespace: str, name: str) -> None:
    factory = redis_storage_factory(url, namespace=namespace, socket_timeout=60.0, socket_connect_timeout=60.0)
    breaker = AioBreakerAdapter(fail_max=1, timeout_duration=600, storage_factory=factory, storage_timeout=60)
    tell("ready")
    while await line() == "call":
        try:
            await breaker.call(name, probe)
            tell("done")
        except CircuitOpenError:
            tell("refused")
        except ConnectionError:
            tell("failed")
    await factory.aclose()


asyncio.run(main(*sys.argv[1:]))
