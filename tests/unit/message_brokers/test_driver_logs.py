"""Drivers that log each attempt of an outage are kept quiet, unless their loggers were given a level."""

from __future__ import annotations

import logging
import uuid

import pytest

from cqrs.errors import BrokerUnavailable
from cqrs.message_brokers.amqp.broker import AMQPMessageBroker
from cqrs.message_brokers.driver_logs import quiet


def test_a_logger_without_a_level_is_quiet_and_one_with_a_level_keeps_it() -> None:
    names = [uuid.uuid4().hex for _ in range(2)]
    logging.getLogger(names[1]).setLevel(logging.INFO)
    quiet(*names)
    assert [logging.getLogger(name).level for name in names] == [logging.CRITICAL, logging.INFO]
    assert not logging.getLogger(f"{names[0]}.connection").isEnabledFor(logging.ERROR)


async def test_the_driver_of_rabbitmq_is_quiet_from_the_first_connection_on() -> None:
    with pytest.raises(BrokerUnavailable):
        await AMQPMessageBroker(dsn="amqp://127.0.0.1:1/", exchange_name="shop").start()
    assert not logging.getLogger("aiormq.connection").isEnabledFor(logging.ERROR)
