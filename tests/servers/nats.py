"""NATS with JetStream: the binary of the machine or of Debian."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from tests.servers import install
from tests.servers.recipe import Place, Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence


class Nats(Recipe):
    """One server that keeps its streams in files."""

    name = "nats"

    def __init__(self) -> None:
        self._server = ""

    def provide(self) -> str:
        self._server = install.apt("nats-server", "nats-server")
        # It prints `nats-server: v2.9.10`.
        return install.run([self._server, "--version"]).split()[-1].removeprefix("v")

    def command(self, place: Place) -> Sequence[str]:
        where = ["--addr", "127.0.0.1", "--port", str(place.ports[0])]
        return [self._server, *where, "--jetstream", "--store_dir", str(place.folder / "data")]

    def address(self, place: Place) -> str:
        return f"nats://127.0.0.1:{place.ports[0]}"

    async def ready(self, place: Place) -> bool:
        # The port is open before JetStream is; its first message shows whether it is.
        reader, writer = await asyncio.open_connection("127.0.0.1", place.ports[0])
        with contextlib.closing(writer):
            return b'"jetstream":true' in await reader.readline()
