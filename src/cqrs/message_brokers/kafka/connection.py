"""The address of a Kafka cluster, and how to authenticate there."""

from __future__ import annotations

import dataclasses
import inspect
import ssl
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import urlsplit

from cqrs.errors.wiring import WiringError, WiringProblem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "GSSAPI", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]

_BY_PASSWORD = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_PATIENCE = 40_000  # milliseconds that the driver waits for an answer by default


@dataclasses.dataclass(frozen=True, kw_only=True)
class KafkaConnection:
    """How to reach a cluster. Raises ``WiringError`` for mistakes; does not connect.

    ``bootstrap_servers`` are ``host:port``, several as a list or separated by commas. With TLS and without
    ``ssl_context`` the certificates of the system are trusted. ``options`` are passed to aiokafka. Its ``repr`` and
    ``str`` show no secret.
    """

    bootstrap_servers: str | Sequence[str]
    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism = "PLAIN"
    ssl_context: ssl.SSLContext | None = dataclasses.field(default=None, repr=False)
    user: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict[str, Any], repr=False)

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise WiringError(problems)

    @property
    def servers(self) -> list[str]:
        """Each of the ``bootstrap_servers``."""
        given = self.bootstrap_servers
        parts = given.split(",") if isinstance(given, str) else given
        return [part.strip() for part in parts if part.strip()]

    @property
    def context(self) -> ssl.SSLContext | None:
        """The TLS context, or ``None`` without TLS."""
        if self.security_protocol in {"SSL", "SASL_SSL"}:
            return self.ssl_context or ssl.create_default_context()
        return None

    def __str__(self) -> str:
        return f"Kafka at {', '.join(self.servers)}"

    def arguments(self, client: type, ours: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments to construct ``client`` with: options override ``defaults``, and may not override ``ours``."""
        known = set(inspect.signature(client).parameters)
        wrong = _wrong_options(self.options, known - ours.keys() - _NAMED)
        if wrong:
            raise WiringError(list(wrong))
        named = {
            "bootstrap_servers": self.servers,
            "security_protocol": self.security_protocol,
            "sasl_mechanism": self.sasl_mechanism,
            "ssl_context": self.context,
            "sasl_plain_username": self.user,
            "sasl_plain_password": self.password,
        }
        return {**defaults, **named, **self.options, **ours}

    def _problems(self) -> Iterable[WiringProblem]:
        if not _are_texts(self.bootstrap_servers):
            yield _problem("bootstrap_servers", "is neither a text nor a list of texts", _WRITE)
            return
        if not self.servers:
            yield _problem("bootstrap_servers", "is empty", "Name a broker, for example 'localhost:9092'")
        if any("@" in server or "://" in server for server in self.servers):
            yield _problem("bootstrap_servers", "holds a URL", "Write host:port, and pass user and password by name")
        elif not all(map(_is_address, self.servers)):
            yield _problem("bootstrap_servers", "has an entry without a host, or with a port that is none", _WRITE)
        if self.security_protocol not in get_args(SecurityProtocol):
            yield _problem("security_protocol", "is not known", f"Take one of {', '.join(get_args(SecurityProtocol))}")
        if self.sasl_mechanism not in get_args(SaslMechanism):
            yield _problem("sasl_mechanism", "is not known", f"Take one of {', '.join(get_args(SaslMechanism))}")
        needs_user = self.security_protocol.startswith("SASL") and self.sasl_mechanism in _BY_PASSWORD
        if needs_user and (self.user is None or self.password is None):
            yield _problem("user and password", f"are needed for {self.sasl_mechanism}", "Pass both")


_WRITE = "Write host:port, for example 'localhost:9092', or a list of them"


def _are_texts(servers: Any) -> bool:
    if isinstance(servers, str) or not hasattr(servers, "__iter__"):
        return isinstance(servers, str)
    return all(isinstance(server, str) for server in servers)


def _is_address(server: str) -> bool:
    if server.count(":") > 1 and "[" not in server:
        return True  # a bare address of IPv6
    try:
        parts = urlsplit(f"//{server}")
        is_port = parts.port is None or parts.port > 0  # parsed on access
    except ValueError:
        return False
    return (
        bool(parts.hostname) and is_port and parts.netloc == server and not server.endswith(":") and " " not in server
    )


_NAMED = {
    *("bootstrap_servers", "security_protocol", "sasl_mechanism", "ssl_context"),
    *("sasl_plain_username", "sasl_plain_password"),
}


def _wrong_options(options: Mapping[str, Any], free: Collection[str]) -> list[WiringProblem]:
    remedy = "Take it out; aiokafka documents the others"
    return [_problem(name, "is no option that can be set here", remedy) for name in sorted(options) if name not in free]


def _problem(subject: str, problem: str, remedy: str) -> WiringProblem:
    return WiringProblem(f"Kafka: {subject}", problem, remedy)


def giving_up_before(timeout: float, arguments: Mapping[str, Any]) -> dict[str, int]:
    """The argument that makes the driver time out before ``timeout`` seconds are over.

    If the driver is cancelled while it connects, it does not close the connections that it has opened.
    """
    patience: int = arguments.get("request_timeout_ms", _PATIENCE)
    return {"request_timeout_ms": max(1, min(patience, int(timeout * 900)))}
