"""The inbox of the peer: `python python_cqrs_inbox.py URL COUNT HANDLER BATCH TASKS`, in the peer's interpreter.

HANDLER is `row` or `nothing`. With TASKS `both`, what stores messages and what processes them run side by side; with
`turns` all are stored first. It prints `ready`, waits for a line, works, and prints JSON.
"""

import asyncio
import json
import logging
import sys
import time
import uuid

import cqrs
import di
from cqrs.bootstrap import events as events_bootstrap
from cqrs.inbox.sqlalchemy import InboxModel, SqlAlchemyInboxRepository
from sqlalchemy import BigInteger, Column, MetaData, Table, Uuid, func, insert, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine


EFFECTS = Table(
    "effects", MetaData(), Column("message_id", Uuid, primary_key=True), Column("number", BigInteger, nullable=False)
)
BATCH_SESSION = []


class OrderPlaced(cqrs.NotificationEvent):
    pass


class WriteRow(cqrs.EventHandler[OrderPlaced]):
    async def handle(self, event):
        values = {"message_id": event.payload["id"], "number": event.payload["order"]}
        await BATCH_SESSION[0].execute(insert(EFFECTS).values(**values))


class DoNothing(cqrs.EventHandler[OrderPlaced]):
    async def handle(self, event):
        pass


def arrived(number):
    message_id = str(uuid.uuid4())
    order = {"order": number, "id": message_id, "sku": "mug", "customer": "c" * 40, "amount": 3}
    return message_id, OrderPlaced(event_name="order-placed", topic="orders", payload=order)


async def store(sessions, names, messages, batch):
    for start in range(0, len(messages), batch):
        async with sessions() as session:
            await SqlAlchemyInboxRepository(session, message_map=names).add(messages[start : start + batch])
            await session.commit()


async def process(sessions, names, mediator, count, batch):
    async with sessions() as session:
        BATCH_SESSION[:] = [session]
        repository = SqlAlchemyInboxRepository(session, message_map=names)
        processor = cqrs.InboxProcessor(repository, names, event_mediator=mediator)
        async for rows in processor.batch_generator(batch):
            for row in rows:
                await processor.process(row)
            await repository.commit()
            count -= len(rows)
            if count <= 0:
                break


async def main(url, count, handler, batch, tasks):
    logging.disable(logging.CRITICAL)
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for metadata in (InboxModel.metadata, EFFECTS.metadata):
            await connection.run_sync(metadata.drop_all)
            await connection.run_sync(metadata.create_all)
    await engine.dispose()
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    names = cqrs.InboxMessageMap()
    names.register("order-placed", OrderPlaced)
    reaction = WriteRow if handler == "row" else DoNothing
    mediator = events_bootstrap.bootstrap(di.Container(), events_mapper=lambda m: m.bind(OrderPlaced, reaction))
    messages = [arrived(number) for number in range(count)]
    print("ready", flush=True)
    sys.stdin.readline()
    begin = time.perf_counter()
    storing = store(sessions, names, messages, batch)
    processing = process(sessions, names, mediator, count, batch)
    if tasks == "both":
        await asyncio.gather(storing, processing)
    else:
        await storing
        await processing
    rate = count / (time.perf_counter() - begin)
    await engine.dispose()  # what it did is counted when its connections are closed
    print(json.dumps({"rate": rate}), flush=True)
    sys.stdin.readline()  # until that is done
    async with sessions() as session:
        done = select(func.count()).where(InboxModel.status == cqrs.InboxStatus.PROCESSED)
        written = select(func.count()).select_from(EFFECTS)
        found = (await session.scalar(done), await session.scalar(written))
        if found != (count, count if handler == "row" else 0):
            sys.exit(f"not all took effect once: {found} of {count}")
    await engine.dispose()


url, count, handler, batch, tasks = sys.argv[1:]
asyncio.run(main(url, int(count), handler, int(batch), tasks))
