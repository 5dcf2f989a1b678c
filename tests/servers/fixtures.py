"""The fixtures by which tests ask for servers and tools.

`redis_url`, `kafka_bootstrap`, `rabbitmq_url`, `nats_url`: a server that all tests of the run share. Use keys, topics
and groups of your own, and leave it running. `redis_server`, `kafka_server`, `rabbitmq_server`, `nats_server`: one for
this test alone, which it may stop, kill and restart.
"""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers import databases, node
from tests.servers.client import Server, ServerFailed, ask
from tests.servers.pgbouncer import pooler_of
from tests.servers.secured import Secured

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

TOOL_OF_FIXTURE = {
    "debezium_version": "debezium",
    "kafka_bootstrap": "kafka",
    "kafka_server": "kafka",
    "strict_kafka": "kafka-strict",
    "mariadb_server": "mariadb",
    "mariadb_url": "mariadb",
    "mermaid_parse": "node",
    "nats_server": "nats",
    "nats_url": "nats",
    "pgbouncer_url": "pgbouncer",
    "postgres_server": "postgresql",
    "postgres_url": "postgresql",
    "rabbitmq_server": "rabbitmq",
    "rabbitmq_url": "rabbitmq",
    "redis_durable_server": "redis-durable",
    "redis_server": "redis",
    "redis_url": "redis",
    "secured_kafka": "kafka-secured",
    "secured_nats": "nats-secured",
    "secured_rabbitmq": "rabbitmq-secured",
    "secured_redis": "redis-secured",
}
"""What is provided before the first test runs, so that a long download is not taken for a test that hangs."""

SUPERVISOR = pytest.StashKey[int]()


class Servers:
    """Gets servers from the supervisor, or ends the test that needs one that cannot be had."""

    def __init__(self, supervisor: int) -> None:
        self._supervisor = supervisor

    def shared(self, tool: str) -> Server:
        """The one of this run."""
        return self._start(tool, "shared")

    def own(self, tool: str) -> Iterator[Server]:
        """One for a single test; it ends with the test."""
        server = self._start(tool, uuid.uuid4().hex[:8])
        try:
            yield server
        finally:
            server.kill()

    def need(self, tool: str) -> str:
        """The version of `tool`. Without it the test is skipped, or fails where `CQRS_TEST_REQUIRE_SERVERS` is set."""
        return str(self._ask("provide", tool, "")["version"])

    def _start(self, tool: str, place: str) -> Server:
        answer = self._ask("start", tool, place)
        return Server(answer["address"], answer["version"], tool, place, self._supervisor)

    def _ask(self, do: str, tool: str, place: str) -> dict[str, str]:
        answer = ask(self._supervisor, do, tool, place)
        if "failed" in answer:
            raise ServerFailed(answer["failed"])
        if "missing" in answer:
            reason = f"{tool} is not available: {answer['missing']}"
            if os.environ.get("CQRS_TEST_REQUIRE_SERVERS") == "1":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)
        return answer


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Servers:
    return Servers(pytestconfig.stash[SUPERVISOR])


def _shared(tool: str, read: Callable[[str], Any] = str) -> Any:
    """The address of the server that all tests of the run share, as `read` gives it."""

    @pytest.fixture(scope="session")
    def address(servers: Servers) -> Any:
        return read(servers.shared(tool).address)

    return address


def _own(tool: str) -> Any:
    """A server for one test."""

    @pytest.fixture
    def server(servers: Servers) -> Iterator[Server]:
        yield from servers.own(tool)

    return server


def _database(tool: str) -> Any:
    """A database for one test on the shared server, as an address for SQLAlchemy."""

    @pytest.fixture
    async def address(servers: Servers) -> AsyncIterator[str]:
        async with databases.database(servers.shared(tool).address) as made:
            yield made

    return address


redis_url = _shared("redis")
redis_server = _own("redis")
redis_durable_server = _own("redis-durable")  # what it has confirmed survives
secured_redis = _shared("redis-secured", Secured.parsed)  # those that are called so have TLS and a password
kafka_bootstrap = _shared("kafka")
kafka_server = _own("kafka")
strict_kafka = _shared("kafka-strict")  # it makes no topic by itself
secured_kafka = _shared("kafka-secured", Secured.parsed)
rabbitmq_url = _shared("rabbitmq")
rabbitmq_server = _own("rabbitmq")
secured_rabbitmq = _shared("rabbitmq-secured", Secured.parsed)
nats_url = _shared("nats")
nats_server = _own("nats")
secured_nats = _shared("nats-secured", Secured.parsed)
postgres_url = _database("postgresql")
postgres_server = _own("postgresql")
mariadb_url = _database("mariadb")
mariadb_server = _own("mariadb")


@pytest.fixture
async def pgbouncer_url(servers: Servers, postgres_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """The database of `postgres_url` behind a pooler of transactions with two connections to it."""
    servers.need("pgbouncer")
    async with pooler_of(postgres_url, tmp_path, 2) as address:
        yield address


@pytest.fixture(scope="session")
def debezium_version(servers: Servers) -> str:
    """That of the Debezium which `tests.servers.debezium.worker` starts."""
    return servers.need("debezium")


@pytest.fixture(scope="session")
def mermaid_parse(servers: Servers) -> Iterator[Callable[[str], None]]:
    """Raises `AssertionError` with the words of the mermaid parser if a diagram has a mistake."""
    servers.need("node")
    command = [node.executable(), "mermaid_parse.mjs"]
    with subprocess.Popen(command, cwd=node.home(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parser:
        assert parser.stdin is not None
        assert parser.stdout is not None
        requests, answers = parser.stdin, parser.stdout

        def parse(diagram: str) -> None:
            requests.write(json.dumps(diagram) + "\n")
            requests.flush()
            answer = answers.readline()
            assert answer, f"the mermaid parser died; see {' '.join(command)} in {node.home()}"
            problem = json.loads(answer)
            assert problem is None, f"mermaid cannot read this diagram: {problem}\n\n{diagram}"

        yield parse
        requests.close()
