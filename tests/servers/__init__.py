"""Real servers for the tests.

A test asks for a fixture (`redis_url`, `kafka_bootstrap`) and gets a server that runs on a port and in a folder of its
own. One supervisor process per run of pytest starts each server once, whichever worker of xdist asks first, and stops
all of them when the run has ended, however it ended.

To add a server, write its recipe in a module of its own, list it in `table.py`, and name its two fixtures in
`fixtures.py`.
"""

from __future__ import annotations

from tests.servers.client import Server
from tests.servers.recipe import Missing

__all__ = ["Missing", "Server"]
