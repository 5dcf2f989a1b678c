"""Find out why a connection to Kafka failed, which the driver only logs or does not know."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cqrs.errors.messages import BrokerUnavailable
from cqrs.message_brokers.kafka.driver import REFUSALS
from cqrs.message_brokers.refusal import NOT_ADMITTED, unavailable

if TYPE_CHECKING:
    from cqrs.message_brokers.kafka.connection import KafkaConnection

_PATIENCE = 2.0  # seconds; a server that does not answer by then is away
_PORT = 9092


async def refusal(connection: KafkaConnection, error: BaseException) -> BrokerUnavailable:
    """``BrokerUnavailable`` with the remedy, for ``error`` by which the driver failed to connect.

    With TLS, the handshake with each server is repeated, because the driver does not raise its error.
    """
    context = connection.context
    if context is not None:
        for failure in await asyncio.gather(*(_handshake(server, context) for server in connection.servers)):
            if failure is not None:
                return unavailable(str(connection), failure)
    if connection.security_protocol.startswith("SASL") and isinstance(error.__cause__, asyncio.IncompleteReadError):
        return BrokerUnavailable(
            str(connection), error, NOT_ADMITTED
        )  # servers close the connection at a wrong password
    return unavailable(str(connection), error, lambda one: isinstance(one, REFUSALS))


async def _handshake(server: str, context: ssl.SSLContext) -> ssl.SSLError | None:
    """The error of the TLS handshake, or ``None``."""
    place = urlsplit(f"//{server}")
    try:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(place.hostname, place.port or _PORT, ssl=context)
    except ssl.SSLError as error:
        return error
    except (OSError, ValueError):
        return None
    writer.transport.abort()
    return None
