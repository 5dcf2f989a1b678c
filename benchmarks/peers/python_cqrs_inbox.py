"""The inbox of the peer: `python python_cqrs_inbox.py URL COUNT HANDLER BATCH TASKS`, in the peer's interpreter.

HANDLER adds an `object` to the session, or puts the `values` aside for one INSERT of the batch, or does
`nothing`. With TASKS `both`, what stores messages and what processes them run side by side; with `turns` all are stored
first, and with `store` no more is done. It prints `ready`, waits for a line, works, and prints JSON.
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
from sqlalchemy import BigInteger, Column, Uuid, event, func, select, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import declarative_base


Base = declarative_base()
BATCH_SESSION, WAITING = [], []
INSERT = text(
    "INSERT INTO effects (message_id, number) SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS bigint[]))"
)


class Effect(Base):
    __tablename__ = "effects"
    message_id = Column(Uuid, primary_key=True)
    number = Column(BigInteger, nullable=False)


class OrderPlaced(cqrs.NotificationEvent):
    pass


class AddObject(cqrs.EventHandler[OrderPlaced]):
    async def handle(self, event):
        BATCH_SESSION[0].add(Effect(message_id=uuid.UUID(event.payload["id"]), number=event.payload["order"]))


class AddValues(cqrs.EventHandler[OrderPlaced]):
    async def handle(self, event):
        WAITING.append((uuid.UUID(event.payload["id"]), event.payload["order"]))


def insert_waiting(session):
    if WAITING:
        ids, numbers = zip(*WAITING, strict=True)
        WAITING.clear()
        session.execute(INSERT, {"ids": list(ids), "numbers": list(numbers)})


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
        event.listen(session.sync_session, "before_commit", insert_waiting)
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
        for metadata in (InboxModel.metadata, Base.metadata):
            await connection.run_sync(metadata.drop_all)
            await connection.run_sync(metadata.create_all)
    await engine.dispose()
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    names = cqrs.InboxMessageMap()
    names.register("order-placed", OrderPlaced)
    reaction = {"object": AddObject, "values": AddValues, "nothing": DoNothing}[handler]
    mediator = events_bootstrap.bootstrap(di.Container(), events_mapper=lambda m: m.bind(OrderPlaced, reaction))
    messages = [arrived(number) for number in range(count)]
    print("ready", flush=True)
    sys.stdin.readline()
    begin = time.perf_counter()
    storing = store(sessions, names, messages, batch)
    if tasks == "both":
        await asyncio.gather(storing, process(sessions, names, mediator, count, batch))
    else:
        await storing
        if tasks == "turns":
            await process(sessions, names, mediator, count, batch)
    rate = count / (time.perf_counter() - begin)
    await engine.dispose()  # what it did is counted when its connections are closed
    print(json.dumps({"rate": rate}), flush=True)
    sys.stdin.readline()  # until that is done
    async with sessions() as session:
        stored = await session.scalar(select(func.count()).select_from(InboxModel))
        done = select(func.count()).where(InboxModel.status == cqrs.InboxStatus.PROCESSED)
        written = await session.scalar(select(func.count()).select_from(Effect))
        found = (stored, await session.scalar(done), written)
        processed = 0 if tasks == "store" else count
        if found != (count, processed, 0 if handler == "nothing" else processed):
            sys.exit(f"not all took effect once: {found} of {count} are stored, processed and written")
    await engine.dispose()


url, count, handler, batch, tasks = sys.argv[1:]
asyncio.run(main(url, int(count), handler, int(batch), tasks))
