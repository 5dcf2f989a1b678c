"""The settings that the how-to shows: against the table, and in Debezium itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaConsumer
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

import cqrs
from cqrs.envelope import Envelope, encoded
from cqrs.events.registry import EventRegistry
from cqrs.message_brokers.kafka.wire import by_place, to_envelope
from cqrs.migrations import upgrade
from tests.servers import debezium

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncEngine

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "publish-with-debezium.md"
ROUTER = "transforms.outbox."
TEXT = {"character varying", "text"}
# The id and the topic become text, the key is written as text, and the converter of the value takes bytes only.
TYPES = {
    "table.field.event.id": {"uuid", *TEXT},
    "table.field.event.key": TEXT,
    "table.field.event.payload": {"bytea"},
    "route.by.field": TEXT,
    "placement": {"uuid", "integer", *TEXT},
}


def settings() -> dict[str, str]:
    """The properties on the page."""
    (block,) = re.findall(r"```properties\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return dict(line.split("=", 1) for line in block.splitlines() if line)


def placed() -> dict[str, str]:
    """Headers and the columns that fill them."""
    parts = [part.split(":") for part in settings()[f"{ROUTER}table.fields.additional.placement"].split(",")]
    assert {place for _, place, _ in parts} == {"header"}
    return {header: column for column, _, header in parts}


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(postgres_url)
    await upgrade(engine, "outbox")
    yield engine
    await engine.dispose()


async def test_the_table_has_the_columns_of_the_settings_in_types_that_the_router_takes(engine: AsyncEngine) -> None:
    query = "select column_name, data_type, is_nullable from information_schema.columns where table_name = 'outbox'"
    async with engine.connect() as connection:
        columns = {name: (kind, nullable) for name, kind, nullable in await connection.execute(text(query))}
    assert settings()["table.include.list"] == "public.outbox"
    for setting, kinds in TYPES.items():
        for column in placed().values() if setting == "placement" else [settings()[ROUTER + setting]]:
            assert columns[column][0] in kinds, (setting, column)
            assert columns[column][1] == "NO" or column == "message_key"


def test_each_part_of_an_envelope_is_placed_in_a_header() -> None:
    needed = Envelope(message_id=uuid.uuid4(), name="placed", topic="orders", body=b"", key="k").to_headers()
    assert needed.keys() < placed().keys()


class Connector:
    """Debezium with the settings of the page, on one database."""

    def __init__(self, folder: Path, database: str, bootstrap: str) -> None:
        url = make_url(database)
        self.slot = f"slot_{uuid.uuid4().hex[:12]}"
        here = {
            "database.hostname": url.host,
            "database.port": url.port,
            "database.user": url.username,
            "database.password": "",
            "database.dbname": url.database,
            "slot.name": self.slot,
        }
        worker = {
            "bootstrap.servers": bootstrap,
            "offset.storage.file.filename": folder / "offsets",
            "listeners": "http://127.0.0.1:0",
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
            "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        }
        self._log = folder / "connect.log"
        (folder / "log4j.properties").write_text(
            "log4j.rootLogger=WARN, out\nlog4j.appender.out=org.apache.log4j.ConsoleAppender\n"
            "log4j.appender.out.layout=org.apache.log4j.PatternLayout\n"
            "log4j.appender.out.layout.ConversionPattern=%p %c %m%n\n"
        )
        self._files = []
        for name, values in (("worker", worker), ("connector", settings() | here)):
            file = folder / f"{name}.properties"
            file.write_text("".join(f"{key}={value}\n" for key, value in values.items()))
            self._files.append(file)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        with self._log.open("wb") as log:
            process = await asyncio.create_subprocess_exec(*debezium.worker(*self._files), stdout=log, stderr=log)
        try:
            yield
        finally:
            process.kill()
            await process.wait()

    def said(self) -> str:
        return self._log.read_text()[-4000:]

    async def forget(self, engine: AsyncEngine) -> None:
        """Drop the slot: a database with one cannot be dropped."""
        slot = f"from pg_replication_slots where slot_name = '{self.slot}'"
        async with engine.connect() as shared:
            connection = await shared.execution_options(isolation_level="AUTOCOMMIT")
            while await connection.scalar(text(f"select count(*) {slot}")):
                # Its process ends some time after the one that it served.
                await connection.execute(text(f"select pg_terminate_backend(active_pid) {slot} and active"))
                await connection.execute(text(f"select pg_drop_replication_slot(slot_name) {slot} and not active"))


@pytest.mark.timeout(300)
async def test_debezium_sends_what_was_added_and_our_consumers_read_it(
    engine: AsyncEngine, postgres_url: str, kafka_bootstrap: str, debezium_version: str, tmp_path: Path
) -> None:
    del debezium_version
    topic = f"orders-{uuid.uuid4().hex[:8]}"
    registry = EventRegistry()
    registry.register(cqrs.NotificationEvent, "placed")
    outbox = cqrs.SqlAlchemyOutboxedEventRepository(async_sessionmaker(engine), registry=registry, table_name="outbox")
    connector = Connector(tmp_path, postgres_url, kafka_bootstrap)
    sent: list[Any] = []

    async def add(number: int, key: str | None) -> None:
        event = cqrs.NotificationEvent[Any](event_name="placed", topic=topic, payload={"number": number, "é": "ü"})
        sent.append(event)
        async with outbox as session:
            outbox.add(session, event, key=key, headers={"correlation-id": "c1"})
            await outbox.commit(session)

    options = {"auto_offset_reset": "earliest", "metadata_max_age_ms": 1000}
    async with AIOKafkaConsumer(topic, bootstrap_servers=kafka_bootstrap, **options) as consumer:
        await add(0, "before")
        try:
            async with connector.running(), asyncio.timeout(200):
                records = [await consumer.getone()]
                await add(1, "after")
                await add(2, None)
                async with engine.begin() as connection:
                    await connection.execute(text("delete from outbox"))
                await add(3, "after")
                records += [await consumer.getone() for _ in range(3)]
        except TimeoutError:
            pytest.fail(connector.said())
        finally:
            await connector.forget(engine)
    envelopes = [to_envelope(record, by_place) for record in records]
    assert [(record.key, envelope.key) for record, envelope in zip(records, envelopes, strict=True)] == [
        (b"before", "before"),
        (b"after", "after"),
        (None, None),
        (b"after", "after"),
    ]
    for event, envelope in zip(sent, envelopes, strict=True):
        assert (envelope.message_id, envelope.name, envelope.version) == (event.event_id, "placed", 1)
        assert (envelope.content_type, envelope.body) == ("application/json", encoded(event.to_dict()))
        assert json.loads(envelope.headers["message-headers"]) == {"correlation-id": "c1"}
