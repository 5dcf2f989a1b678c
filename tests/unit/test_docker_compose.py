"""What can be seen of `docker-compose.yml` without a container engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
SERVICES: dict[str, Any] = yaml.safe_load(TEXT)["services"]
SCHEMES = {
    "amqp": "rabbitmq",
    "http": "rabbitmq",  # its pages
    "mariadb+asyncmy": "mariadb",
    "nats": "nats",
    "postgresql+asyncpg": "postgresql",
    "redis": "redis",
    "tls": "nats",
    None: "kafka",
}
# A PgBouncer, and the documentation.
ELSEWHERE = {"postgresql+asyncpg://app@localhost:6432/shop", "http://localhost:8000"}
PAGES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.py")]
_ADDRESS = re.compile(
    r"(?:(?P<scheme>[a-z+]+)://)?(?:(?P<user>\w+)(?::(?P<password>\w+))?@)?localhost(?::(?P<port>\d+))?(?P<rest>/\w*)?"
)
USERS = {
    "mariadb": ("MARIADB_USER", "MARIADB_PASSWORD", "MARIADB_DATABASE"),
    "postgresql": ("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"),
    "rabbitmq": ("RABBITMQ_DEFAULT_USER", "RABBITMQ_DEFAULT_PASS"),
}


def ports(service: str) -> list[str]:
    """On this machine; the one for programs is the first."""
    return [str(port).split(":")[1] for port in SERVICES[service]["ports"]]


def addresses() -> list[re.Match[str]]:
    """Every address of a server on this machine that readers are shown."""
    found = {match[0]: match for page in PAGES for match in _ADDRESS.finditer(page.read_text())}
    return [match for text, match in sorted(found.items()) if text not in ELSEWHERE | {"localhost"}]


@pytest.mark.parametrize("address", addresses(), ids=lambda address: address[0])
def test_addresses_shown_to_readers_lead_to_its_servers(address: re.Match[str]) -> None:
    service = SCHEMES[address["scheme"]]
    assert (address["port"] or ports(service)[0]) in ports(service)
    if address["user"] and address["scheme"] != "tls":  # there is no TLS here
        settings = SERVICES[service]["environment"]
        given = [address["user"], address["password"], (address["rest"] or "/")[1:]]
        assert given[: len(USERS[service])] == [settings[name] for name in USERS[service]]


def test_the_page_of_the_servers_has_each() -> None:
    page = (ROOT / "docs" / "how-to" / "servers-to-try-it-with.md").read_text()
    assert {SCHEMES[match["scheme"]] for match in _ADDRESS.finditer(page)} == SERVICES.keys()


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
def test_each_server_reports_when_it_is_ready(name: str) -> None:
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
