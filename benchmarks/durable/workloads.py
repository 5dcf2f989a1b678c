"""Every workload of the durable half, in the order of the table."""

from __future__ import annotations

from benchmarks.durable import adding, backlog, inbox, kafka, latency, memory, one_bad, polling, relay
from benchmarks.durable.workload import DurableWorkload

WORKLOADS = {
    workload.name: workload
    for workload in (
        DurableWorkload("relay", relay.show, with_peer=True),
        DurableWorkload("bad", one_bad.show),
        DurableWorkload("kafka", kafka.show),
        DurableWorkload("add", adding.show),
        DurableWorkload("inbox", inbox.show, with_peer=True),
        DurableWorkload("latency", latency.show),
        DurableWorkload("poll", polling.show, with_peer=True),
        DurableWorkload("backlog", backlog.show, long=True),
        DurableWorkload("memory", memory.show, long=True),
    )
}
