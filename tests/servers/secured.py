"""Servers that want TLS and a password: what the others are, with certificates and one user."""

from __future__ import annotations

import json
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers import certificates
from tests.servers.kafka import Kafka
from tests.servers.nats import Nats
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.recipe import Missing, Place
from tests.servers.redis import Redis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

USER = "shop"
PASSWORD = "s3cret-of-the-tests"  # noqa: S105  # it opens nothing that outlives the tests

_API = "$JS.API."
_SENDS = ["open.*", f"{_API}STREAM.NAMES", f"{_API}STREAM.INFO.*", f"{_API}STREAM.CREATE.*"]
LIMITED = {
    "sender": {"publish": {"allow": _SENDS}, "subscribe": "_INBOX.>"},
    "receiver": {"publish": {"allow": [*_SENDS, f"{_API}CONSUMER.>", "$JS.ACK.>"]}, "subscribe": "_INBOX.>"},
    "writer": {"publish": {"allow": ["open.*"]}, "subscribe": "_INBOX.>"},
    "deaf": {"publish": ">", "subscribe": {"deny": ["_INBOX.>"]}},
    "silent": {"publish": {"deny": ["$JS.ACK.>"]}, "subscribe": ">"},
    "idle": {"publish": {"deny": ["$JS.API.CONSUMER.MSG.NEXT.>"]}, "subscribe": ">"},
    "stranger": {"publish": {"deny": ["$JS.API.>"]}, "subscribe": ">"},
}
"""More users of NATS, with the same password: two with the documented rights, others without one of them."""


@dataclass(frozen=True)
class Secured:
    """Where such a server listens, by what a listener asks for (`tls`, `plain`, …), and its certificates."""

    at: Mapping[str, str]
    certificates: Path

    @classmethod
    def parsed(cls, address: str) -> Secured:
        """Parsed from its address."""
        fields = json.loads(address)
        return cls(fields["at"], Path(fields["certificates"]))

    def trusting(self, authority: str = "authority") -> ssl.SSLContext:
        """A context that trusts the `authority` of the server, or the `stranger`, and no other."""
        return ssl.create_default_context(cafile=str(self.certificates / f"{authority}.pem"))


def _address(place: Place, **at: str) -> str:
    return json.dumps({"at": at, "certificates": str(_certificates(place))})


def _certificates(place: Place) -> Path:
    return place.folder / "certificates"


class SecuredRedis(Redis):
    """A Redis with a listener for TLS. The default user may only ask whether it is there."""

    name = "redis-secured"
    ports = 2

    def provide(self) -> str:
        certificates.need_openssl()
        version = super().provide()
        if self._in_docker:
            raise Missing("a Redis in a container cannot read the certificates of the tests")
        # It reads one option after the other and ends at the first that is wrong.
        asked = [*self._command, "--tls-port", "0", "--loglevel", "none"]
        answer = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if "loglevel" not in answer.stdout + answer.stderr:
            raise Missing(f"`{self._command[0]}` {version} is built without TLS")
        return version

    def prepare(self, place: Place) -> None:
        certificates.make(_certificates(place))

    def command(self, place: Place) -> Sequence[str]:
        folder = _certificates(place)
        shown = {"cert": "server.pem", "key": "server.key", "ca-cert": "authority.pem"}
        tls = [part for name, file in shown.items() for part in (f"--tls-{name}-file", str(folder / file))]
        user = ["--user", USER, "on", f">{PASSWORD}", "~*", "&*", "+@all"]
        nobody = ["--user", "default", "on", "nopass", "-@all", "+ping"]
        listener = ["--tls-port", str(place.ports[1]), "--tls-auth-clients", "no"]
        return [*super().command(place), *listener, *tls, *user, *nobody]

    def address(self, place: Place) -> str:
        return _address(place, tls=f"127.0.0.1:{place.ports[1]}", plain=f"127.0.0.1:{place.ports[0]}")


class SecuredNats(Nats):
    """A NATS that speaks TLS to users with passwords."""

    name = "nats-secured"

    def provide(self) -> str:
        certificates.need_openssl()
        return super().provide()

    def prepare(self, place: Place) -> None:
        folder = _certificates(place)
        certificates.make(folder)
        tls = {"cert_file": str(folder / "server.pem"), "key_file": str(folder / "server.key")}
        users = [
            {"user": USER, "password": PASSWORD},
            *({"user": name, "password": PASSWORD, "permissions": may} for name, may in LIMITED.items()),
        ]
        configuration = json.dumps({"tls": tls, "authorization": {"users": users}})
        (place.folder / "nats.conf").write_text(configuration)

    def command(self, place: Place) -> Sequence[str]:
        return [*super().command(place), "--config", str(place.folder / "nats.conf")]

    def address(self, place: Place) -> str:
        return _address(place, tls=f"127.0.0.1:{place.ports[0]}")


class SecuredRabbitMQ(RabbitMQ):
    """A RabbitMQ with a listener for TLS, and with one user."""

    name = "rabbitmq-secured"
    ports = 4

    def provide(self) -> str:
        certificates.need_openssl()
        return super().provide()

    def prepare(self, place: Place) -> None:
        super().prepare(place)
        folder = _certificates(place)
        certificates.make(folder)
        with (place.folder / "rabbitmq.conf").open("a") as configuration:
            configuration.write(_RABBITMQ.format(port=place.ports[3], folder=folder, user=USER, password=PASSWORD))

    def address(self, place: Place) -> str:
        return _address(place, tls=f"127.0.0.1:{place.ports[3]}")


_RABBITMQ = """\
listeners.ssl.1 = 127.0.0.1:{port}
ssl_options.cacertfile = {folder}/authority.pem
ssl_options.certfile = {folder}/server.pem
ssl_options.keyfile = {folder}/server.key
ssl_options.verify = verify_none
ssl_options.fail_if_no_peer_cert = false
default_user = {user}
default_pass = {password}
"""


class SecuredKafka(Kafka):
    """A Kafka with listeners for TLS, for a password, and for both. The one for neither is for the node itself."""

    name = "kafka-secured"
    ports = 5
    users = ("--add-scram", f"SCRAM-SHA-256=[name={USER},password={PASSWORD}]")

    def provide(self) -> str:
        certificates.need_openssl()
        return super().provide()

    def prepare(self, place: Place) -> None:
        folder = _certificates(place)
        certificates.make(folder)
        both = [(folder / f"server.{kind}").read_text() for kind in ("key", "pem")]
        (folder / "both.pem").write_text("".join(both))
        super().prepare(place)

    def properties(self, place: Place) -> str:
        names = ["PLAINTEXT", *_KAFKA_LISTENERS.values()]
        ports = [place.ports[0], *place.ports[2:]]
        listeners = [f"{name}://127.0.0.1:{port}" for name, port in zip(names, ports, strict=True)]
        own = _KAFKA.format(
            controller=f"CONTROLLER://127.0.0.1:{place.ports[1]}",
            listeners=",".join(listeners),
            protocols=",".join(f"{name}:{name}" for name in names),
            folder=_certificates(place),
            plain=_PLAIN,
            scram=_SCRAM,
        )
        return super().properties(place) + own

    def address(self, place: Place) -> str:
        at = {kind: f"127.0.0.1:{port}" for kind, port in zip(_KAFKA_LISTENERS, place.ports[2:], strict=True)}
        return _address(place, plain=super().address(place), **at)


_KAFKA_LISTENERS = {"tls": "SSL", "password": "SASL_PLAINTEXT", "both": "SASL_SSL"}

_KAFKA = """\
listeners={listeners},{controller}
advertised.listeners={listeners}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,{protocols}
ssl.keystore.type=PEM
ssl.keystore.location={folder}/both.pem
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=true
listener.name.sasl_plaintext.plain.sasl.jaas.config={plain}
listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config={scram}
listener.name.sasl_ssl.plain.sasl.jaas.config={plain}
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config={scram}
"""
_MODULES = "org.apache.kafka.common.security"
_PLAIN = f'{_MODULES}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
_SCRAM = f"{_MODULES}.scram.ScramLoginModule required;"
