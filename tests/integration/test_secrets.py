"""Passwords are in no text of this package: no error and no cause of one, no log line, no `repr`, no output."""

from __future__ import annotations

import asyncio
import logging
import traceback
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from typer.testing import CliRunner

import cqrs
from cqrs.cli.app import app
from cqrs.envelope import Envelope
from cqrs.errors import CQRSError, InvalidArgument
from cqrs.message_brokers.amqp.broker import AMQPMessageBroker
from cqrs.message_brokers.kafka.broker import KafkaMessageBroker
from cqrs.message_brokers.kafka.connection import KafkaConnection
from cqrs.message_brokers.kafka.producer import KafkaProducer
from cqrs.message_brokers.kafka.source import KafkaMessageSource
from cqrs.message_brokers.nats.broker import NatsMessageBroker
from cqrs.message_brokers.redis.broker import RedisMessageBroker
from cqrs.workers.relay.outbox_relay import OutboxRelay

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

SECRET = "tell-nobody"  # noqa: S105  # of no use
NOBODY = "127.0.0.1:1"  # nothing listens there
ENVELOPE = Envelope(message_id=uuid.uuid4(), name="told", topic="news", body=b"{}")

# What people write: right, and with characters in the password that belong percent-encoded.
FORMS = [
    f"://me:{SECRET}@{NOBODY}/shop",
    f"://me:{SECRET}@nowhere.invalid/shop",
    f"://me:%73{SECRET}@{NOBODY}/shop",
    f"://{NOBODY}/shop?password={SECRET}",
    f"://me:{SECRET}@127.0.0.1:port/shop",
    f"://me:{SECRET}@127.0.0.1:99999999/shop",
    *(f"://me:a{sign}{SECRET}@{NOBODY}/shop" for sign in "/#?[]@%"),
    *(f"://me:{SECRET}{sign}b@{NOBODY}/shop" for sign in "/#?[]@%"),
    f"://me:1/{SECRET}@{NOBODY}/shop",
    f"x://me:{SECRET}@{NOBODY}/shop",
    f":me:{SECRET}@{NOBODY}",
]


def texts(error: BaseException | None) -> Iterator[str]:
    """All that people or programs print of ``error`` and of what it was raised from."""
    if error is None:
        return
    yield "".join(traceback.format_exception(error))
    yield f"{error!r} {vars(error)} {getattr(error, '__notes__', '')}"
    yield from texts(error.__cause__ or (None if error.__suppress_context__ else error.__context__))


async def said(make: Callable[[], Any], use: Callable[[Any], Awaitable[Any]]) -> str:
    """All that is logged, raised and printed while ``use`` works with what ``make`` makes. Something must go wrong."""
    lines: list[str] = []
    try:
        made = make()
        lines += [repr(made), str(made)]
        async with asyncio.timeout(20):
            answer = await use(made)
        failures = [one for one in answer or () if isinstance(one, BaseException)]
        lines += [line for failure in failures for line in texts(failure)]
    except Exception as error:  # noqa: BLE001  # what is looked at
        lines += texts(error)
    assert lines
    return "\n".join(lines)


async def use_database(db: cqrs.Database[Any]) -> None:
    assert SECRET not in f"{db.name} {db.session!r} {db.outbox!r} {db.inbox!r} {db.unit_of_work()!r} {db.place!r}"
    async with db, db.transaction() as session:
        await session.execute(text("select 1"))


async def send(broker: Any) -> Any:
    try:
        return await broker.send([ENVELOPE])
    finally:
        await broker.close()


async def receive(broker: Any) -> Any:
    source = broker.source("news", group="g")
    assert SECRET not in repr(source)
    try:
        await source.start()
        return await source.receive(1, 0.1)
    finally:
        await source.close()


BROKERS: dict[str, Callable[[str], Any]] = {
    "amqp": lambda url: AMQPMessageBroker(dsn=url, exchange_name="events"),
    "nats": NatsMessageBroker,
    "redis": RedisMessageBroker,
}
DATABASES = ["postgresql", "postgresql+asyncpg", "postgresql+nosuch", "mariadb", "mysql+nosuch", "sqlite", "oracle"]


@pytest.mark.parametrize("kind", DATABASES)
async def test_the_password_of_a_database_is_shown_nowhere(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="cqrs")
    for form in FORMS:
        found = await said(lambda: cqrs.Database(f"{kind}{form}"), use_database)  # noqa: B023  # it is called at once
        assert SECRET not in found, form
    assert SECRET not in caplog.text


@pytest.mark.parametrize("use", [send, receive], ids=["sends", "receives"])
@pytest.mark.parametrize("kind", BROKERS)
async def test_the_password_of_a_broker_is_shown_nowhere(kind: str, use: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="cqrs")
    for form in FORMS:
        found = await said(lambda: BROKERS[kind](f"{kind}{form}"), use)  # noqa: B023  # as above
        assert SECRET not in found, form
    assert SECRET not in caplog.text


@pytest.mark.parametrize("kind", BROKERS)
@pytest.mark.parametrize(
    "form", ["://me:a/b@host/x", "://me:1#b@host/x", "://me:1?b@host/x", "://me:p@host:port/x", ":x"]
)
def test_an_address_that_drivers_would_misread_is_refused(kind: str, form: str) -> None:
    with pytest.raises(InvalidArgument, match="percent-encoded"):
        BROKERS[kind](f"{kind}{form}")


@pytest.mark.parametrize("servers", [NOBODY, "nowhere.invalid:9092", f"me:{SECRET}@{NOBODY}"])
async def test_the_password_of_kafka_is_shown_nowhere(servers: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="cqrs")

    def connection() -> KafkaConnection:
        return KafkaConnection(
            bootstrap_servers=servers, security_protocol="SASL_PLAINTEXT", user="me", password=SECRET
        )

    def broker() -> Any:
        return KafkaMessageBroker(KafkaProducer(connection(), retry_count=0, timeout=1.0))

    assert SECRET not in await said(broker, send)
    assert SECRET not in await said(lambda: KafkaMessageSource(connection(), "news", "g", timeout=1.0), start)
    assert SECRET not in caplog.text


async def start(source: Any) -> None:
    try:
        await source.start()
        await source.receive(1, 0.1)
    finally:
        await source.close()


async def run_for_a_moment(relay: OutboxRelay) -> None:
    """It reports that nothing is there, or ends with that error."""
    await relay.start()
    await asyncio.sleep(0.3)
    await relay.stop()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
async def test_a_relay_logs_no_password(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="cqrs")
    async with cqrs.Database(f"{kind}://me:{SECRET}@{NOBODY}/shop?password={SECRET}") as db:
        relay = OutboxRelay(db.outbox, RedisMessageBroker(f"redis://me:{SECRET}@{NOBODY}/0"))
        assert SECRET not in await said(lambda: relay, run_for_a_moment)
    assert caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("command", "kind"), [("upgrade", "postgresql"), ("check", "mariadb"), ("downgrade", "sqlite")]
)
def test_no_command_prints_a_password(command: str, kind: str) -> None:
    for form in FORMS[::2]:
        done = CliRunner().invoke(app, ["db", command], input="y\n", env={"CQRS_DATABASE_URL": f"{kind}{form}"})
        assert isinstance(done.exception, SystemExit), done.exc_info
        assert SECRET not in done.output, form


async def test_an_engine_whose_host_was_misread_shows_no_password() -> None:
    db = cqrs.Database(create_async_engine(f"postgresql+asyncpg://me:a@{SECRET}@{NOBODY}/shop"))
    assert SECRET not in f"{db!r}"


@pytest.fixture(params=[pytest.param(f"{kind}_url", marks=pytest.mark.server) for kind in ("postgres", "mariadb")])
def wrong_user(request: pytest.FixtureRequest) -> str:
    """The address of a server, and a user that it does not know."""
    scheme, _, rest = str(request.getfixturevalue(request.param)).partition("://")
    return f"{scheme}://nobody:{SECRET}@{rest.rpartition('@')[2]}"


async def test_a_server_that_refuses_the_user_is_reported_without_the_password(
    wrong_user: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="cqrs")
    assert SECRET not in await said(lambda: cqrs.Database(wrong_user), use_database)
    with pytest.raises(CQRSError) as caught:
        await cqrs.Database(wrong_user).upgrade()
    assert SECRET not in "".join(texts(caught.value))
    assert SECRET not in caplog.text
