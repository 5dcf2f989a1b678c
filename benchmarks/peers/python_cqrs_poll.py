"""A poll of the peer's outbox that finds nothing, in the peer's interpreter: `python python_cqrs_poll.py URL ROWS`.

It makes an outbox with so many sent rows, prints `ready`, waits for a line, polls, and prints JSON.
"""

import asyncio
import json
import logging
import statistics
import sys
import time

import cqrs
from cqrs.outbox.repository import EventStatus
from cqrs.outbox.sqlalchemy import Base, SqlAlchemyOutboxedEventRepository
from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine


cqrs.OutboxedEventMap.register("order-placed", cqrs.NotificationEvent)
POLLS = 30


def event():
    order = {"order": 1, "sku": "mug", "customer": "c" * 40, "amount": 3}
    return cqrs.NotificationEvent(event_name="order-placed", topic="orders", payload=order)


async def fill(engine, sessions, rows):
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    if not rows:
        return
    async with sessions() as session:
        repository = SqlAlchemyOutboxedEventRepository(session)
        repository.add(event())
        await session.commit()
        (sent,) = await repository.get_many(1)
        await repository.update_status(sent.id, EventStatus.PRODUCED)
        await repository.commit()
    names = [column.name for column in Base.metadata.tables["outbox"].columns if column.name != "id"]
    ids = {"event_id": "gen_random_uuid()", "event_id_bin": "uuid_send(gen_random_uuid())"}
    async with engine.begin() as connection:
        values = ", ".join(ids.get(name, name) for name in names)
        more = f"INSERT INTO outbox ({', '.join(names)}) SELECT {values} FROM outbox, generate_series(2, {rows})"  # noqa: S608
        await connection.execute(text(more))
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("VACUUM ANALYZE outbox"))
        await connection.execute(text("CHECKPOINT"))


async def main(url, rows):
    logging.disable(logging.CRITICAL)
    engine = create_async_engine(url)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    await fill(engine, sessions, rows)
    await engine.dispose()
    print("ready", flush=True)
    sys.stdin.readline()
    seconds = []
    async with sessions() as session:
        repository = SqlAlchemyOutboxedEventRepository(session)
        for _ in range(POLLS):
            begin = time.perf_counter()
            found = await repository.get_many(1000)
            seconds.append(time.perf_counter() - begin)
            if found:
                sys.exit(f"there are {len(found)} messages in an outbox that must be empty")
            await repository.rollback()
    await engine.dispose()
    print(json.dumps({"seconds": statistics.median(seconds)}), flush=True)
    sys.stdin.readline()
    async with engine.begin() as connection:
        there = (await connection.execute(text("SELECT count(*) FROM outbox"))).scalar()
        await connection.execute(text("TRUNCATE outbox"))
    await engine.dispose()
    if there != rows:
        sys.exit(f"there are {there} rows, and there must be {rows}")


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
