"""Servers that want TLS and a password: what the others are, with certificates and one user."""

from __future__ import annotations

import json
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers import certificates
from tests.servers.nats import Nats
from tests.servers.recipe import Missing, Place
from tests.servers.redis import Redis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

USER = "shop"
PASSWORD = "s3cret-of-the-tests"  # noqa: S105  # it opens nothing that outlives the tests


@dataclass(frozen=True)
class Secured:
    """Where such a server listens, by what a listener asks for (`tls`, `plain`, …), and its certificates."""

    at: Mapping[str, str]
    certificates: Path

    @classmethod
    def told(cls, address: str) -> Secured:
        """What its address says."""
        fields = json.loads(address)
        return cls(fields["at"], Path(fields["certificates"]))

    def trusting(self, authority: str = "authority") -> ssl.SSLContext:
        """A context that trusts the `authority` of the server, or the `stranger`, and nobody else."""
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
    """A NATS that speaks TLS to one user."""

    name = "nats-secured"

    def provide(self) -> str:
        certificates.need_openssl()
        return super().provide()

    def prepare(self, place: Place) -> None:
        folder = _certificates(place)
        certificates.make(folder)
        tls = {"cert_file": str(folder / "server.pem"), "key_file": str(folder / "server.key")}
        users = [{"user": USER, "password": PASSWORD}]
        configuration = json.dumps({"tls": tls, "authorization": {"users": users}})
        (place.folder / "nats.conf").write_text(configuration)

    def command(self, place: Place) -> Sequence[str]:
        return [*super().command(place), "--config", str(place.folder / "nats.conf")]

    def address(self, place: Place) -> str:
        return _address(place, tls=f"127.0.0.1:{place.ports[0]}")
