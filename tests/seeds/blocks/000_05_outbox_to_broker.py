# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
from cqrs.outbox import MemoryOutboxedEventRepository

outbox_repository = MemoryOutboxedEventRepository()

# --- seed ---
import asyncio
import cqrs
from cqrs.message_brokers import kafka
from cqrs.adapters import kafka as kafka_adapters
broker = kafka.KafkaMessageBroker(
    producer=kafka_adapters.kafka_producer_factory(dsn="localhost:9092"),
)
producer = cqrs.EventProducer(
    message_broker=broker,
    repository=outbox_repository, # must implement the outbox repository protocol
)
async def publish_loop() -> None:
    async for events in producer.event_batch_generator():
        for event in events:
            await producer.send_message(event) # push to the broker
        await producer.repository.commit() # only after successful publish
        await asyncio.sleep(10) # throttle polling (tune in production)
# --- end ---
