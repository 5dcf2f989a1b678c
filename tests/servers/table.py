"""Every tool and server that a test can ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers.debezium import Debezium
from tests.servers.kafka import Kafka, StrictKafka
from tests.servers.mariadb import MariaDB
from tests.servers.nats import Nats
from tests.servers.node import Node
from tests.servers.pgbouncer import PgBouncer
from tests.servers.postgresql import PostgreSQL
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.redis import DurableRedis, Redis
from tests.servers.secured import SecuredKafka, SecuredNats, SecuredRabbitMQ, SecuredRedis

if TYPE_CHECKING:
    from tests.servers.recipe import Tool


def tools() -> dict[str, Tool]:
    """By name. Each call gives new ones, which have provided nothing yet."""
    plain = (Redis(), DurableRedis(), Kafka(), RabbitMQ(), Nats(), PostgreSQL(), MariaDB())
    others = (Node(), Debezium(), PgBouncer(), StrictKafka())
    secured = (SecuredRedis(), SecuredNats(), SecuredRabbitMQ(), SecuredKafka())
    return {tool.name: tool for tool in (*plain, *others, *secured)}
