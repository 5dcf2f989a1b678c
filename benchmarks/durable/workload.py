"""A workload of the durable half is data, too: its name, what fills in its rows, and what it needs."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.durable.peer import Peer
    from benchmarks.durable.shop import Stand
    from benchmarks.durable.table import Table


@dataclasses.dataclass(frozen=True, slots=True)
class Bench:
    """What workloads work with. ``rows`` are those of the workloads of millions."""

    table: Table
    stand: Stand
    peer: Peer | None
    rows: int


@dataclasses.dataclass(frozen=True, slots=True)
class DurableWorkload:
    """A name for the command line, and the rows that it adds to the table.

    ``with_peer``: the peer does it, too. ``long``: it takes minutes, so it is done only if it is asked for.
    """

    name: str
    show: Callable[[Bench], Awaitable[None]]
    with_peer: bool = False
    long: bool = False
