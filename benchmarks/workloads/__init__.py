"""Every workload, by topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.workloads import chains, containers, events, imports, injection, send, statements, streams, transactions

if TYPE_CHECKING:
    from benchmarks.workload import FreshWorkload, Workload

WORKLOADS: dict[str, Workload | FreshWorkload] = {
    workload.name: workload
    for topic in (send, injection, containers, streams, events, chains, transactions, statements, imports)
    for workload in topic.WORKLOADS
}
