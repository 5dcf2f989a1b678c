"""The outbox of the peer, in the peer's interpreter: `python python_cqrs_outbox.py URL COUNT ACK`.

It fills the outbox, prints `ready`, waits for a line, sends, and prints JSON.
"""

import asyncio
import json
import logging
import sys
import time

import cqrs
from cqrs.message_brokers import protocol
from cqrs.outbox.sqlalchemy import Base, SqlAlchemyOutboxedEventRepository
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine


cqrs.OutboxedEventMap.register("order-placed", cqrs.NotificationEvent)


class Broker(protocol.MessageBroker):
    def __init__(self, ack):
        self.ack, self.count = ack, 0

    async def send_message(self, message):
        if self.ack:
            await asyncio.sleep(self.ack)
        self.count += 1


def event(number):
    order = {"order": number, "sku": "mug", "customer": "c" * 40, "amount": 3}
    return cqrs.NotificationEvent(event_name="order-placed", topic="orders", payload=order)


async def main(url, count, ack):
    logging.disable(logging.CRITICAL)
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    async with sessions() as session:
        repository = SqlAlchemyOutboxedEventRepository(session)
        for number in range(count):
            repository.add(event(number))
        await session.commit()
    await engine.dispose()
    print("ready", flush=True)
    sys.stdin.readline()
    async with sessions() as session:
        broker = Broker(ack)
        producer = cqrs.EventProducer(broker, SqlAlchemyOutboxedEventRepository(session))
        begin = time.perf_counter()
        async for events in producer.event_batch_generator(1000):
            for found in events:
                await producer.send_message(found)
            await producer.repository.commit()
            if broker.count >= count:
                break
        sent = count / (time.perf_counter() - begin)
    await engine.dispose()  # what it did is counted when its connections are closed
    print(json.dumps({"rate": sent}), flush=True)
    sys.stdin.readline()  # until that is done
    async with sessions() as session:
        left = await SqlAlchemyOutboxedEventRepository(session).get_many(1)
    await engine.dispose()
    if broker.count != count or left:
        sys.exit(f"not all were sent once: {broker.count} of {count}, {len(left)} or more are left")


asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
