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
            "_blocks",
            "_callables",
            "_failpoints",
            "_running",
            "backoff",
            "_generics",
            "_handed",
            "_unawaited",
            "_mermaid",
            "_migration_steps",
            "_showing",
            "_type_text",
            "_watched",
            "compressors.*",
        ),
    ),
    Layer(
        MESSAGES,
        "messages",
        (
            "_message",
            "_reading",
            "_sendable",
            "_unfinite",
            "context",
            "deserializers.*",
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
            "circuit_breaker",
            "_function_handler",
            "container.*",
            "deserializers.events",
            "events.event_handler",
            "events.fallback",
            "events.kept_aside",
            "events.map",
            "events.one_call",
            "events.recorder",
            "adapters.driver_logs",
            "adapters.protocol",
            "inbox.*",
            "leases.memory",
            "leases.protocol",
            "message_brokers.addresses",
            "message_brokers.by_key",
            "message_brokers.changing",
            "message_brokers.cloudevents*",
            "message_brokers.compressed",
            "message_brokers.devnull",
            "message_brokers.foreign",
            "message_brokers.handed_over",
            "message_brokers.memory",
            "message_brokers.memory_group",
            "message_brokers.outgoing",
            "message_brokers.protocol",
            "message_brokers.refusal",
            "message_brokers.renewing",
            "message_brokers.reopening",
            "message_brokers.source",
            "middlewares.base",
            "middlewares.logging",
            "middlewares.retry",
            "middlewares.transaction",
            "observability.hooks",
            "outbox.*",
            "requests._chain_member",
            "requests.binding",
            "requests.cor_request_handler",
            "requests.fallback",
            "requests.map",
            "requests.request_handler",
            "unit_of_work.*",
        ),
    ),
    # The engines are drawn in the order in which they drive each other; each imports the ones above it only.
    Layer(ENGINES, "fallback and validation", ("_fallback", "_validation")),
    Layer(ENGINES, "event router", ("events.event_emitter", "events.event_processor")),
    Layer(ENGINES, "dispatcher", ("dispatcher.*",)),
    Layer(ENGINES, "mediator", ("mediator",)),
    Layer(
        ENGINES,
        "services",
        (
            "workers.advice",
            "workers.backoff",
            "workers.leases",
            "workers.outages",
            "workers.policy_checks",
            "workers.service",
            "workers.signals",
            "workers.splitting",
        ),
    ),
    Layer(ENGINES, "outbox loop", ("producer",)),
    Layer(ENGINES, "carrying", ("workers.carrying", "workers.outbox_policy")),
    Layer(ENGINES, "relay", ("workers.log_relay", "workers.outbox_relay")),
    Layer(ENGINES, "consumer", ("workers.consumer*",)),
    # One adapter per layer: adapters do not know each other, and each has one driver.
    Layer(ADAPTERS, "circuit breaker", ("adapters.*circuit*", "adapters.aiobreaker_storage"), frozenset({"redis"})),
    Layer(
        ADAPTERS,
        "di",
        ("container.di", "container.di_exact", "container.di_origins", "container.di_quick", "container.di_solving"),
        frozenset({"di"}),
    ),
    Layer(
        ADAPTERS,
        "dependency-injector",
        (
            "container.dependency_injector",
            "container.dependency_injector_changes",
            "container.dependency_injector_gaps",
            "container.dependency_injector_origins",
            "container.dependency_injector_types",
        ),
        frozenset({"dependency_injector"}),
    ),
    Layer(ADAPTERS, "dishka", ("container.dishka", "container.dishka_graph"), frozenset({"dishka"})),
    Layer(ADAPTERS, "amqp", ("adapters.amqp*", "message_brokers.amqp*"), frozenset({"aio_pika"})),
    Layer(ADAPTERS, "kafka", ("adapters.kafka*", "message_brokers.kafka*"), frozenset({"aiokafka"})),
    Layer(ADAPTERS, "nats", ("adapters.nats*", "message_brokers.nats*"), frozenset({"nats"})),
    Layer(ADAPTERS, "redis streams", ("message_brokers.redis*",), frozenset({"redis"})),
    Layer(ADAPTERS, "mermaid", ("requests.mermaid",)),
    Layer(ADAPTERS, "protobuf", ("deserializers.protobuf", "serializers.protobuf"), frozenset({"google"})),
    Layer(
        ADAPTERS,
        "postgresql log",
        ("_postgres_log.*", "outbox.log_tailing", "outbox.postgres_log_reader"),
        frozenset({"psycopg2"}),
    ),
    Layer(
        ADAPTERS,
        "sqlalchemy",
        (
            "_sqlalchemy.**",
            "leases.sqlalchemy",
            "inbox.sqlalchemy",
            "migrations",
            "outbox.postgres_log",
            "outbox.sqlalchemy",
            "unit_of_work.sqlalchemy.*",
        ),
        frozenset({"sqlalchemy"}),
    ),
    Layer(
        ASSEMBLY,
        "database",
        ("assembly.database", "assembly.engines", "assembly.memory_database"),
        frozenset({"sqlalchemy"}),
    ),
    Layer(ASSEMBLY, "wiring", ("_wiring", "assembly.sessions", "assembly.transactions")),
    Layer(ASSEMBLY, "assembly", ("**.bootstrap", "requests.command_bus")),
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
