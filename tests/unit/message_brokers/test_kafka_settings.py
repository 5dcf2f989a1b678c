from __future__ import annotations

import logging
import ssl
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from cqrs.errors import WiringError
from cqrs.message_brokers.kafka.broker import KafkaMessageBroker, KafkaMessageSource
from cqrs.message_brokers.kafka.producer import KafkaConnection, KafkaProducerAdapter, kafka_producer_factory


def test_nothing_needs_a_running_loop_to_be_made() -> None:
    broker = KafkaMessageBroker(producer=kafka_producer_factory(dsn="localhost:9092", topics=["a", "b"]))
    KafkaMessageBroker(KafkaProducerAdapter(bootstrap_servers=["localhost:9092", "other:9092"]))
    KafkaMessageSource("localhost:9092", ["a"], "readers")
    assert broker.producer.topics == ("a", "b")


def test_servers_are_taken_from_a_list_or_between_commas() -> None:
    assert KafkaConnection(bootstrap_servers="a:1, b:2").servers == ["a:1", "b:2"]
    assert KafkaConnection(bootstrap_servers=["a:1", "b:2"]).servers == ["a:1", "b:2"]


@pytest.mark.parametrize("client", [AIOKafkaProducer, AIOKafkaConsumer])
def test_tls_and_sasl_reach_the_driver(client: type) -> None:
    context = ssl.create_default_context()
    connection = KafkaConnection(
        bootstrap_servers="a:1",
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        ssl_context=context,
        user="shop",
        password="hunter2",  # noqa: S106  # it is what must not be shown
        options={"client_id": "c"},
    )
    arguments = connection.arguments(client, {}, {"client_id": "default", "retry_backoff_ms": 7})
    assert arguments == {
        "bootstrap_servers": ["a:1"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "ssl_context": context,
        "sasl_plain_username": "shop",
        "sasl_plain_password": "hunter2",
        "client_id": "c",
        "retry_backoff_ms": 7,
    }


def test_tls_without_a_context_trusts_what_the_system_trusts() -> None:
    connection = KafkaConnection(bootstrap_servers="a:1", security_protocol="SSL")
    context = connection.arguments(AIOKafkaProducer, {}, {})["ssl_context"]
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_no_text_shows_a_secret() -> None:
    options: dict[str, Any] = {
        "security_protocol": "SASL_PLAINTEXT",
        "user": "shop",
        "password": "hunter2",
        "client_id": "hunter2",
    }
    producer = kafka_producer_factory("a:1", **options)
    source = KafkaMessageSource(producer.connection, "t", "g")
    for thing in (producer, producer.connection, KafkaMessageBroker(producer), source):
        assert "hunter2" not in f"{thing} {thing!r}"


@pytest.mark.parametrize(
    ("arguments", "subjects"),
    [
        ({"dsn": ""}, ["bootstrap_servers"]),
        ({"dsn": "kafka://user:secret@a:1"}, ["bootstrap_servers"]),
        ({"dsn": "a:1", "security_protocol": "TLS", "sasl_mechanism": "NONE"}, ["security_protocol", "sasl_mechanism"]),
        ({"dsn": "a:1", "security_protocol": "SASL_SSL"}, ["user and password"]),
        ({"dsn": "a:1", "acks": 0, "lingerms": 5}, ["acks", "lingerms"]),
        ({"dsn": "a:1", "sasl_plain_password": "secret"}, ["sasl_plain_password"]),
    ],
)
def test_mistakes_are_reported_at_once_and_all_together(arguments: dict[str, Any], subjects: list[str]) -> None:
    with pytest.raises(WiringError) as raised:
        kafka_producer_factory(**arguments)
    assert [problem.subject for problem in raised.value.problems] == [f"Kafka: {subject}" for subject in subjects]
    assert "secret" not in str(raised.value)


def test_the_adapter_refuses_what_it_does_not_know() -> None:
    with pytest.raises(WiringError):
        KafkaProducerAdapter(bootstrap_servers=["a:1"], lingerms=5)


@pytest.mark.parametrize(("arguments", "level"), [((), "WARNING"), (("DEBUG",), "DEBUG")])
def test_the_log_level_of_the_driver_is_set_if_a_broker_is_configured_so(
    arguments: tuple[str, ...], level: str
) -> None:
    logger = logging.getLogger("aiokafka")
    before = logger.level
    logger.setLevel("WARNING")
    try:
        KafkaMessageBroker(kafka_producer_factory("a:1"), *arguments)
        assert logging.getLevelName(logger.level) == level
    finally:
        logger.setLevel(before)
