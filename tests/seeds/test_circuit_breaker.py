from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from cqrs.errors import CircuitOpenError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.seeds.program import Run


async def test_001_07_fallback_answers_and_two_failures_open_the_circuit(run: Run) -> None:
    program = await run("001_07_circuit_breaker")
    answers = [await program.mediator.send(program.Reserve(order_id=f"o{n}")) for n in range(3)]
    assert [answer.reservation_id for answer in answers] == [f"fallback_reservation_o{n}" for n in range(3)]
    assert program.attempts == ["o0", "o1"]


@pytest.fixture
def redis_of_the_document(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Brings the client for the address in the document to the server of this run, and closes it."""
    redis = pytest.importorskip("redis")
    connect, clients = redis.from_url, []

    def from_url(address: str, **settings: Any) -> Any:
        assert address == "redis://localhost:6379"
        clients.append(connect(redis_url, **settings))
        return clients[-1]

    monkeypatch.setattr(redis, "from_url", from_url)
    yield
    for client in clients:
        client.close()


@pytest.mark.usefixtures("redis_of_the_document")
async def test_001_07_breakers_with_the_redis_storage_share_their_circuits(run: Run) -> None:
    program = await run("001_07_redis_circuit_breaker")
    program.AioBreakerAdapter(storage_factory=program.redis_storage_factory)
    one, other = program.breakers
    identifier, calls = uuid.uuid4().hex, []

    async def failing() -> None:
        calls.append(1)
        raise ConnectionError

    for breaker in (one, other):
        with pytest.raises(ConnectionError):
            await breaker.call(identifier, failing)
    for breaker in (one, other):
        with pytest.raises(CircuitOpenError):
            await breaker.call(identifier, failing)
    assert len(calls) == 2
