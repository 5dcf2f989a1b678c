# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
from cqrs.adapters.circuit_breaker import AioBreakerAdapter as TheAdapter

breakers = []


def AioBreakerAdapter(**settings):
    """The last line of the document makes a breaker and drops it; here it is kept."""
    breakers.append(TheAdapter(fail_max=2, **settings))


# --- seed, uncommented ---
import redis
from aiobreaker.storage.redis import CircuitRedisStorage

def redis_storage_factory(name: str):
    client = redis.from_url("redis://localhost:6379", decode_responses=False)
    return CircuitRedisStorage(state="closed", redis_object=client, namespace=name)

AioBreakerAdapter(storage_factory=redis_storage_factory)  # was: AioBreakerAdapter(..., storage_factory=redis_storage_factory)
# --- end ---
