"""Runs the programs, with the Kafka that they name at hand, and leaves no trace of them."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.seeds.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.seeds.program import Run


@pytest.fixture
def run() -> Iterator[Run]:
    """Runs a program by its name and returns its module."""
    before = set(sys.modules)
    yield lambda name: Program(name).run()
    for name in set(sys.modules) - before:
        if sys.modules[name].__spec__ is None:  # made here, not imported
            del sys.modules[name]


@pytest.fixture
def kafka_at_localhost(kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead the driver to the Kafka of the tests, whatever port of localhost it is given."""
    client = importlib.import_module("aiokafka.client").AIOKafkaClient
    connect = client.__init__

    def redirected(self: Any, *, bootstrap_servers: Any, **options: Any) -> None:
        servers = [bootstrap_servers] if isinstance(bootstrap_servers, str) else bootstrap_servers
        local = [kafka_bootstrap if server.startswith("localhost:") else server for server in servers]
        connect(self, bootstrap_servers=local, **options)

    monkeypatch.setattr(client, "__init__", redirected)
