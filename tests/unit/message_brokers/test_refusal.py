"""The reason in the text of an outage."""

from __future__ import annotations

import ssl

from cqrs.errors import BrokerUnavailable
from cqrs.message_brokers.refusal import unavailable


def test_a_certificate_that_is_not_trusted_is_found_behind_what_the_driver_makes_of_it() -> None:
    error = ConnectionError("cannot connect")
    error.__cause__ = reason = ssl.SSLCertVerificationError("unable to get local issuer certificate")
    told = unavailable("Redis at r", error)
    assert told.reason is reason
    assert "let the ssl context trust the authority" in str(told)


def test_a_port_without_tls_is_reported() -> None:
    assert "check that this port speaks TLS" in unavailable("Redis at r", ssl.SSLError("wrong version number")).remedy


def test_a_refused_login_advises_to_check_the_password() -> None:
    told = unavailable("Redis at r", PermissionError("no"), lambda error: isinstance(error, PermissionError))
    assert "check user and password" in told.remedy


def test_any_other_error_takes_patience() -> None:
    told = unavailable("Redis at r", OSError("gone"))
    assert str(told) == "Redis at r is not available (OSError: gone): try again later."


def test_an_error_that_was_raised_from_what_it_had_led_to_has_an_end() -> None:
    first, second = ConnectionError("first"), ConnectionError("second")
    first.__cause__, second.__context__ = second, first
    assert unavailable("RabbitMQ at r", first).reason is first


def test_an_earlier_outage_is_not_the_reason_of_a_later_one() -> None:
    earlier = BrokerUnavailable("NATS at n", ssl.SSLCertVerificationError("not trusted"))
    earlier.__cause__ = ssl.SSLCertVerificationError("not trusted")
    later = TimeoutError("no answer")
    later.__context__ = earlier
    assert unavailable("Redis at r", later).remedy == "try again later"
