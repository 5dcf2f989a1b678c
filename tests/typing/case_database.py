"""A database gives out sessions of the class that it was made with."""

from typing import assert_type

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

import cqrs
from cqrs.requests import bootstrap


class BillingSession(AsyncSession):
    """A session class of the user's."""


engine = create_async_engine("sqlite+aiosqlite:///shop.db")
by_url = cqrs.Database("sqlite+aiosqlite:///shop.db")
by_engine = cqrs.Database(engine)
billing = cqrs.Database(async_sessionmaker(engine, class_=BillingSession))

assert_type(by_url.session, AsyncSession)
assert_type(by_engine.session, AsyncSession)
assert_type(billing.session, BillingSession)
assert_type(cqrs.MemoryDatabase().session, cqrs.MemoryUnitOfWork)


async def transactions() -> None:
    async with by_url.transaction() as session:
        assert_type(session, AsyncSession)
    async with billing.separate_transaction(isolation_level="SERIALIZABLE") as own:
        assert_type(own, BillingSession)
    async with by_url as opened:
        assert_type(await opened.upgrade(), list[str])


@cqrs.transaction_options(read_only=True)
class Count(cqrs.Request[int]):
    """The decorator keeps the class."""


async def count(query: Count) -> int:
    return 1


mediators = (
    bootstrap.bootstrap(database=by_url, queries_mapper=lambda m: m.bind(Count, count)),
    bootstrap.bootstrap(database=cqrs.MemoryDatabase(), queries_mapper=lambda m: m.bind(Count, count)),
)


async def answers() -> None:
    assert_type(await mediators[0].send(Count()), int)
    bus = cqrs.CommandBus(database=billing)
    await bus.dispatch(Count())


retrying = cqrs.RetryMiddleware(
    cqrs.Retry(3, backoff=cqrs.Backoff(first=0.1, longest=1.0), on=(cqrs.ConcurrencyError,))
)
