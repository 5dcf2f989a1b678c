"""What can be seen of `docker-compose.yml` without a container engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

TEXT = (Path(__file__).parents[2] / "docker-compose.yml").read_text()
SERVICES: dict[str, Any] = yaml.safe_load(TEXT)["services"]


def test_it_has_each_kind_of_server() -> None:
    assert SERVICES.keys() == {"postgresql", "mariadb", "kafka", "rabbitmq", "nats", "redis"}


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_open_on_the_loopback_interface_only(name: str) -> None:
    ports = SERVICES[name]["ports"]
    assert ports
    assert [port for port in ports if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)] == []
    assert "network_mode" not in SERVICES[name]


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_to_a_release(name: str) -> None:
    assert re.fullmatch(r"[a-z/]+:\d+\.\d+(\.\d+)?(-[a-z-]+)?", SERVICES[name]["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_each_server_says_when_it_is_ready(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert check.keys() == {"test", "interval", "timeout", "retries"}


def test_no_two_servers_want_the_same_port() -> None:
    ports = [port.split(":")[1] for service in SERVICES.values() for port in service["ports"]]
    assert len(ports) == len(set(ports))


def test_the_log_of_postgresql_can_be_tailed_and_nats_keeps_streams() -> None:
    assert "wal_level=logical" in SERVICES["postgresql"]["command"]
    assert "--jetstream" in SERVICES["nats"]["command"]
    assert "controller" in SERVICES["kafka"]["environment"]["KAFKA_PROCESS_ROLES"]
