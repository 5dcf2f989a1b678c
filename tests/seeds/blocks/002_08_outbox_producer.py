# ruff: noqa  # a user wrote it
# fmt: off
# mypy: ignore-errors
import os
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from cqrs.adapters import kafka as kafka_adapter
from cqrs.compressors import zlib

_url = make_url(os.environ["DATABASE_OF_THE_TEST"])
USER, PASSWORD, HOSTNAME, PORT, DATABASE = _url.username, "", _url.host, _url.port, _url.database

# --- seed ---
import asyncio
import cqrs
from cqrs.message_brokers import kafka as kafka_broker

session_factory = async_sessionmaker(
    create_async_engine(
        f"mysql+asyncmy://{USER}:{PASSWORD}@{HOSTNAME}:{PORT}/{DATABASE}",
        isolation_level="REPEATABLE READ",
    )
)

broker = kafka_broker.KafkaMessageBroker(
    kafka_adapter.kafka_producer_factory(
        dsn="localhost:9094",
        topics=["test.topic1", "test.topic2"],
    ),
    "DEBUG"
)

producer = cqrs.EventProducer(cqrs.SqlAlchemyOutboxedEventRepository(session_factory, zlib.ZlibCompressor()), broker)
# --- end ---
