"""Debezium for PostgreSQL and the worker of Kafka Connect that runs it, from the Maven artifacts."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from tests.servers import install
from tests.servers.recipe import CACHE, Missing, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_VERSION = "3.0.8.Final"
_CONNECT = "3.9.0"
_OLDEST_JAVA = 17
_ARTIFACTS = [
    ("io.debezium", "debezium-connector-postgres", _VERSION),
    ("org.apache.kafka", "connect-runtime", _CONNECT),
    ("org.apache.kafka", "connect-json", _CONNECT),
    ("org.apache.kafka", "connect-transforms", _CONNECT),
]


def worker(settings: Path, connector: Path) -> Sequence[str]:
    """The process that runs one connector; both arguments are files of properties."""
    jars = CACHE / f"debezium-{_VERSION}" / "jars"
    java = shutil.which("java") or "java"
    main = "org.apache.kafka.connect.cli.ConnectStandalone"
    return [java, "-Xmx384m", "-cp", f"{settings.parent}:{jars}/*", main, str(settings), str(connector)]


class Debezium(Tool):
    name = "debezium"

    def provide(self) -> str:
        java = shutil.which("java")
        if java is None:
            raise Missing(f"Debezium needs Java {_OLDEST_JAVA} or later, and there is no `java` on PATH")
        found = re.search(r'version "(\d+)', install.run([java, "-version"]))
        if found is None or int(found[1]) < _OLDEST_JAVA:
            raise Missing(f"Debezium needs Java {_OLDEST_JAVA} or later; `{java}` is older")
        with install.exclusive(f"debezium-{_VERSION}") as folder:
            install.maven(folder, _ARTIFACTS)
        return f"{_VERSION} (Kafka Connect {_CONNECT})"
