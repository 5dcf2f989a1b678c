"""Which module belongs to which ring, in one place. Imports point inward: to a lower ring, never to a higher one.

The tests of this folder and the contracts of import-linter are both made from `LAYERS`. A new module gets a place in
it; a package `__init__` needs none, because all of them obey one rule: they re-export, they reach no driver, and no
other module of the package imports them.
"""

from __future__ import annotations

from dataclasses import dataclass

PACKAGE = "cqrs"

FOUNDATION, MESSAGES, CONTRACTS, ENGINES, ADAPTERS, ASSEMBLY, EDGE = range(7)

MAY_IMPORT = {
    FOUNDATION: {FOUNDATION},
    MESSAGES: {FOUNDATION, MESSAGES},
    CONTRACTS: {FOUNDATION, MESSAGES, CONTRACTS},
    ENGINES: {FOUNDATION, MESSAGES, CONTRACTS, ENGINES},
    ADAPTERS: {FOUNDATION, MESSAGES, CONTRACTS},  # and their own layer
    ASSEMBLY: {FOUNDATION, MESSAGES, CONTRACTS, ENGINES, ADAPTERS, ASSEMBLY},
    EDGE: {FOUNDATION, MESSAGES, CONTRACTS, ENGINES, ADAPTERS, ASSEMBLY},  # and their own layer
}
"""The rings that a ring sees. What an adapter or something at the edge shares with its siblings sits further in."""

ALWAYS_THERE = frozenset({"pydantic", "pydantic_core", "typing_extensions"})
"""What is installed with the package."""

DRIVERS = frozenset(
    {
        *("aio_pika", "aiobreaker", "alembic", "aiokafka", "aiosqlite", "asyncmy", "asyncpg", "attrs", "chdb"),
        *(
            "clickhouse_connect",
            "confluent_kafka",
            "dependency_injector",
            "di",
            "dishka",
            "elasticsearch",
            "fastapi",
            "faststream",
        ),
        *("google", "jinja2", "msgspec", "nats", "opensearchpy", "opentelemetry", "orjson", "prometheus_client"),
        *("psycopg2", "pymongo", "pytest", "redis", "rich", "sqlalchemy", "starlette", "structlog", "typer", "uvicorn"),
    }
)
"""What a user installs only for the technology at hand. `import cqrs` loads none of it."""


LOADS_ITS_DRIVER = frozenset({"sqlalchemy", "kafka", "amqp", "nats", "redis", "di", "dishka", "dependency_injector"})
"""Packages that are named after a driver, or work on nothing else: the `__init__` of each may load it."""


@dataclass(frozen=True)
class Layer:
    """Modules of one ring that belong together. Names are relative to the package; `*` stands for one part of a name,
    `**` for any number of them, and a name in full counts before a pattern. `drivers` is what its modules may import
    beside the ring's own."""

    ring: int
    name: str
    modules: tuple[str, ...]
    drivers: frozenset[str] = frozenset()


LAYERS = (
    Layer(
        FOUNDATION,
        "foundation",
        (
            "errors.*",
            "_arguments",
            "_diagrams.*",
            "_failpoints",
            "_introspection.*",
            "_lazy_names",
            "_registries.*",
            "_renamed",
            "_tasks.*",
            "_text",
            "backoff",
            "compressors.*",
            "migrations.book",
            "migrations.naming",
            "migrations.plan",
            "migrations.routines",
            "migrations.splitting",
            "migrations.steps",
            "migrations.subjects",
        ),
    ),
    Layer(
        MESSAGES,
        "messages",
        (
            "_logging.*",
            "_messages.*",
            "context",
            "deserializers.exceptions",
            "deserializers.json",
            "envelope",
            "response",
            "requests.request",
            "serializers.*",
            "events.closed_generic",
            "events.contract",
            "events.identity",
            "events.event",
            "events.message_key",
            "events.registry",
        ),
        ALWAYS_THERE,
    ),
    Layer(
        CONTRACTS,
        "contracts",
        (
            "adapters.protocol",
            "circuit_breaker.protocol",
            "container.*",
            "container.resolving.*",
            "deserializers.events",
            "events.event_handler",
            "events.event_outbox",
            "events.fallback",
            "events.map",
            "handlers.function",
            "handlers.recorder",
            "handlers.shared",
            "handlers.unawaited",
            "handlers.unread_lists",
            "inbox.*",
            "inbox.memory.*",
            "leases.memory",
            "leases.protocol",
            "leases.worker_names",
            "message_brokers.*",
            "message_brokers.amqp.protocol",
            "message_brokers.cloudevents.*",
            "message_brokers.memory.*",
            "middlewares.*",
            "observability.hooks",
            "outbox.*",
            "outbox.log.content",
            "outbox.log.memory",
            "outbox.log.protocol",
            "outbox.memory.*",
            "requests._chain_member",
            "requests.binding",
            "requests.cor_request_handler",
            "requests.fallback",
            "requests.map",
            "requests.request_handler",
            "unit_of_work.*",
            "wakeups.local",
            "wakeups.protocol",
            "wakeups.reconnecting",
        ),
    ),
    # The engines are drawn in the order in which they drive each other; each imports the ones above it only.
    Layer(ENGINES, "fallback", ("handlers.fallback",)),
    Layer(ENGINES, "event router", ("events.event_emitter", "events.event_processor")),
    Layer(ENGINES, "dispatcher", ("dispatcher.*",)),
    Layer(ENGINES, "mediator", ("mediator",)),
    Layer(ENGINES, "services", ("workers.*",)),
    Layer(ENGINES, "outbox loop", ("producer",)),
    Layer(ENGINES, "relay", ("workers.relay.*", "workers.outbox_policy")),
    Layer(ENGINES, "consumer", ("workers.consumer.*", "workers.consumer_policy")),
    # One adapter per layer: adapters do not know each other, and each has one driver.
    Layer(
        ADAPTERS,
        "circuit breaker",
        ("circuit_breaker.*", "adapters.circuit*", "adapters.redis_circuit_storage"),
        frozenset({"redis"}),
    ),
    Layer(ADAPTERS, "di", ("container.di.*",), frozenset({"di"})),
    Layer(ADAPTERS, "dependency-injector", ("container.dependency_injector.*",), frozenset({"dependency_injector"})),
    Layer(ADAPTERS, "dishka", ("container.dishka.*",), frozenset({"dishka"})),
    Layer(
        ADAPTERS,
        "amqp",
        ("message_brokers.amqp.*", "message_brokers.amqp_source", "adapters.amqp"),
        frozenset({"aio_pika"}),
    ),
    Layer(
        ADAPTERS,
        "kafka",
        ("message_brokers.kafka.*", "message_brokers.kafka_source", "adapters.kafka"),
        frozenset({"aiokafka"}),
    ),
    Layer(
        ADAPTERS,
        "nats",
        ("message_brokers.nats.*", "message_brokers.nats_source", "adapters.nats_stream"),
        frozenset({"nats"}),
    ),
    Layer(ADAPTERS, "redis streams", ("message_brokers.redis.*", "message_brokers.redis_source"), frozenset({"redis"})),
    Layer(ADAPTERS, "mermaid", ("requests.mermaid",)),
    Layer(
        ADAPTERS,
        "protobuf",
        ("deserializers.protobuf", "serializers.protobuf", "serializers.protobuf_reader"),
        frozenset({"google"}),
    ),
    Layer(
        ADAPTERS,
        "sqlalchemy",
        (
            "_sqlalchemy.*",
            "leases.sqlalchemy.*",
            "inbox.sqlalchemy.*",
            "migrations.*",
            "outbox.log.diversion",
            "outbox.log.repository",
            "outbox.log.tables",
            "outbox.log.writing",
            "outbox.postgres_log",
            "outbox.sqlalchemy.*",
            "unit_of_work.sqlalchemy.*",
            "wakeups.announcing",
            "wakeups.listener",
            "wakeups.notify",
        ),
        frozenset({"sqlalchemy"}),
    ),
    Layer(
        ADAPTERS,
        "postgresql log",
        (
            "_replication.*",
            "outbox.log.migrating",
            "outbox.log.postgresql",
            "outbox.postgres_log_reader",
        ),
        frozenset({"psycopg2"}),
    ),
    Layer(
        ASSEMBLY,
        "database",
        ("assembly.database", "assembly.engines", "assembly.memory_database"),
        frozenset({"sqlalchemy"}),
    ),
    Layer(ASSEMBLY, "wiring", ("assembly.sessions", "assembly.transactions", "assembly.wiring")),
    Layer(ASSEMBLY, "assembly", ("**.bootstrap", "assembly.command_bus")),
    # What stands at the edge does not know each other either.
    Layer(
        EDGE,
        "http",
        ("integrations._event*", "integrations._problems", "integrations.fastapi"),
        frozenset({"fastapi", "starlette"}),
    ),
    Layer(EDGE, "messages in", ("integrations.faststream*",), frozenset({"faststream"})),
    Layer(EDGE, "alembic", ("integrations.alembic", "integrations.alembic_versions.*"), frozenset({"alembic"})),
    Layer(EDGE, "commands", ("__main__", "cli.*"), frozenset({"rich", "typer"})),
    Layer(EDGE, "testing", ("testing.**",), frozenset({"pytest", "pytest_asyncio"})),
)
