"""Redis: the binary of the machine, of Debian, or the image of a docker engine."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, ClassVar

from tests.servers import install
from tests.servers.recipe import Missing, Place, Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

_IMAGE = "redis:7"


class Redis(Recipe):
    """A Redis that keeps nothing on disk: a restart empties it."""

    name = "redis"

    keep: ClassVar[tuple[str, ...]] = ("--save", "", "--appendonly", "no")

    def __init__(self) -> None:
        self._command: list[str] = []
        self._in_docker = False

    def provide(self) -> str:
        try:
            self._command = [install.apt("redis-server", "redis-server")]
        except Missing as no_binary:
            try:
                self._command = ["docker", "run", "--rm", "--network=host", install.docker_image(_IMAGE)]
            except Missing as no_docker:
                raise Missing(f"{no_binary}; {no_docker}") from no_docker
            self._in_docker = True
            return f"docker {_IMAGE}"
        # It prints `Redis server v=7.0.15 sha=…`.
        return install.run([*self._command, "--version"]).split("v=")[1].split()[0]

    def command(self, place: Place) -> Sequence[str]:
        options = ["--port", str(place.ports[0]), "--bind", "127.0.0.1", *self.keep]
        if self._in_docker:
            return [*self._command[:3], "--name", self._container(place), *self._command[3:], "redis-server", *options]
        return [*self._command, *options, "--dir", str(place.folder)]

    def cut(self, place: Place) -> Sequence[str] | None:
        return ["docker", "kill", self._container(place)] if self._in_docker else None

    def address(self, place: Place) -> str:
        return f"redis://127.0.0.1:{place.ports[0]}/0"

    async def ready(self, place: Place) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.ports[0])
        with contextlib.closing(writer):
            writer.write(b"PING\r\n")
            return await reader.readline() == b"+PONG\r\n"

    def _container(self, place: Place) -> str:
        return f"cqrs-redis-{place.ports[0]}"


class DurableRedis(Redis):
    """A Redis that writes every command to the disk before it answers."""

    name = "redis-durable"

    keep: ClassVar[tuple[str, ...]] = ("--save", "", "--appendonly", "yes", "--appendfsync", "always")
