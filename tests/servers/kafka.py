"""Apache Kafka 4 in KRaft mode: one process that is broker and controller, from the Maven artifacts."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import struct
from typing import TYPE_CHECKING, ClassVar

from tests.servers import install
from tests.servers.recipe import Missing, Place, Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERSION = "4.1.1"
_LOG4J = "2.24.3"
_OLDEST_JAVA = 17
_API_VERSIONS = struct.pack(">hhih", 18, 0, 1, -1)  # request key, its version, correlation id, no client id

# The published POM of Kafka leaves the implementation of its logging to the reader.
_ARTIFACTS = [
    ("org.apache.kafka", "kafka_2.13", _VERSION),
    ("org.apache.kafka", "kafka-tools", _VERSION),
    ("org.apache.logging.log4j", "log4j-slf4j-impl", _LOG4J),
    ("org.apache.logging.log4j", "log4j-core", _LOG4J),
    ("org.apache.logging.log4j", "log4j-1.2-api", _LOG4J),
]

# One node holds everything, so nothing is replicated; a first member of a group does not wait for others.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
controller.listener.names=CONTROLLER
log.dirs={folder}/log
num.partitions=1
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
"""


class Kafka(Recipe):
    """A cluster of one node. What it has acknowledged survives a restart."""

    name = "kafka"
    ports = 2
    start_timeout = 90.0  # 5 s on an idle machine
    stop_timeout = 30.0

    users: ClassVar[tuple[str, ...]] = ()  # options of the storage tool that make some

    def __init__(self) -> None:
        self._java: list[str] = []

    def provide(self) -> str:
        java = shutil.which("java")
        if java is None:
            raise Missing(f"Kafka {_VERSION} needs Java {_OLDEST_JAVA} or later, and there is no `java` on PATH")
        found = re.search(r'version "(\d+)', install.run([java, "-version"]))
        if found is None or int(found[1]) < _OLDEST_JAVA:
            raise Missing(f"Kafka {_VERSION} needs Java {_OLDEST_JAVA} or later; `{java}` is older")
        with install.exclusive(f"kafka-{_VERSION}") as folder:
            jars = install.maven(folder, _ARTIFACTS)
        self._java = [java, "-Xmx512m", "-Dlog4j2.level=WARN", "-cp", f"{jars}/*"]
        return f"{_VERSION} (Java {found[1]})"

    def prepare(self, place: Place) -> None:
        properties = place.folder / "server.properties"
        properties.write_text(self.properties(place))
        storage = [*self._java, "kafka.tools.StorageTool"]
        cluster = install.run([*storage, "random-uuid"]).split()[-1]
        install.run([*storage, "format", "--standalone", "-t", cluster, "-c", str(properties), *self.users])

    def properties(self, place: Place) -> str:
        broker, controller = place.ports[:2]
        return _PROPERTIES.format(broker=broker, controller=controller, folder=place.folder)

    def command(self, place: Place) -> Sequence[str]:
        return [*self._java, "kafka.Kafka", str(place.folder / "server.properties")]

    def address(self, place: Place) -> str:
        return f"127.0.0.1:{place.ports[0]}"

    async def ready(self, place: Place) -> bool:
        # The port is open long before the node has joined its own cluster; only then does it answer requests.
        reader, writer = await asyncio.open_connection("127.0.0.1", place.ports[0])
        with contextlib.closing(writer):
            writer.write(struct.pack(">i", len(_API_VERSIONS)) + _API_VERSIONS)
            size = int.from_bytes(await reader.readexactly(4))
            return len(await reader.readexactly(size)) == size


class StrictKafka(Kafka):
    """One that makes no topic by itself."""

    name = "kafka-strict"

    def properties(self, place: Place) -> str:
        return f"{super().properties(place)}auto.create.topics.enable=false\n"
