"""Points in the engines at which a test can let the process die, fail or pause. Each lies between two effects.

``cqrs.testing.faults`` sets what happens at a point and records which points a run passes. Without it a
point only costs the call of a function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Point(NamedTuple):
    """One point: what has happened when it is reached, what has not yet, and the modules whose code reaches it."""

    name: str
    before: str
    after: str
    modules: tuple[str, ...]


_CONSUMER, _STEPS = "cqrs.workers.consumer.consumer", "cqrs.workers.consumer.steps"
_LEASES = "cqrs.workers.lease_holder"
_LOG, _LOOP, _RELAY = "cqrs.workers.relay.log_relay", "cqrs.producer", "cqrs.workers.relay.outbox_relay"

POINTS: dict[str, Point] = {
    point.name: point
    for point in (
        Point(
            "transaction.written",
            "everything was written in a transaction of a unit of work",
            "the COMMIT",
            ("cqrs.unit_of_work.protocol",),
        ),
        Point(
            "transaction.committed",
            "a transaction of a unit of work was committed",
            "what waits for its commit: notifications that are sent without an outbox, the wake-up of a relay",
            ("cqrs.unit_of_work.protocol",),
        ),
        Point("lease.acquired", "a worker got leases that it did not hold", "its work under them", (_LEASES,)),
        Point("lease.renewed", "a worker renewed its leases", "its work under them", (_LEASES,)),
        Point("lease.unused", "a worker that ends has finished its work", "the release of its leases", (_LEASES,)),
        Point("lease.released", "a worker that ends has released its leases", "the end of the worker", (_LEASES,)),
        Point("outbox.claimed", "messages were taken from the outbox", "their sending", (_LOOP, _RELAY)),
        Point(
            "outbox.published",
            "the broker confirmed or refused messages",
            "the note of that in the outbox",
            (_LOOP, _LOG, _RELAY),
        ),
        Point(
            "outbox.failed",
            "the failure of messages was written, in a transaction that is open",
            "later messages of their keys are set aside, and the COMMIT",
            ("cqrs.outbox.sqlalchemy.queue",),
        ),
        Point(
            "outbox.settled",
            "the outcome of sending messages was noted in the outbox",
            "the next messages are taken",
            (_LOG, _RELAY),
        ),
        Point(
            "outbox.diverting",
            "a log relay has noted its position, in a transaction that is open",
            "messages of the log that could not be sent are put into the table, and the COMMIT",
            ("cqrs.outbox.log.diversion",),
        ),
        Point(
            "outbox.diverted",
            "messages of the log that could not be sent, and the position after them, were committed",
            "the confirmation of that position to the log",
            (_LOG,),
        ),
        Point(
            "outbox.confirmed",
            "a log relay has confirmed a position, so that the log can forget what is before it",
            "the next messages are read",
            (_LOG,),
        ),
        Point(
            "inbox.inserted",
            "the marks of messages were inserted, in a transaction that is open",
            "their handlers",
            (_STEPS,),
        ),
        Point(
            "inbox.handled", "the handlers of messages have run, in a transaction that is open", "the COMMIT", (_STEPS,)
        ),
        Point("inbox.committed", "messages have taken effect", "their acknowledgement", (_STEPS,)),
        Point(
            "inbox.parked",
            "a message that failed was parked or skipped, in a transaction that is open",
            "the COMMIT",
            (_STEPS,),
        ),
        Point(
            "inbox.parking_committed", "a message that failed is parked or skipped", "its acknowledgement", (_STEPS,)
        ),
        Point(
            "inbox.acknowledged",
            "messages were acknowledged to the broker",
            "the next messages are received",
            (_CONSUMER,),
        ),
        Point(
            "inbox.replay_taken",
            "the first parked messages of a key were taken, in a transaction that is open",
            "their handlers",
            (_STEPS,),
        ),
        Point(
            "inbox.replay_settled",
            "handlers of parked messages have run and the messages were removed, in a transaction that is open",
            "the COMMIT",
            (_STEPS,),
        ),
        Point("inbox.replay_committed", "parked messages have taken effect", "the next ones are taken", (_STEPS,)),
        Point(
            "inbox.postponed",
            "the next attempt at a parked message was noted or the message skipped, in a transaction that is open",
            "the COMMIT",
            (_STEPS,),
        ),
        Point(
            "migration.executed",
            "one statement of a migration was executed; MariaDB commits each",
            "the next statement, or the COMMIT",
            ("cqrs.migrations.engine",),
        ),
    )
}
"""Every point, by its name."""

_listener: Callable[[str], None] | None = None


def reached(name: str) -> None:
    """Report that the point ``name`` was reached."""
    if _listener is not None:
        _listener(name)


def listen(listener: Callable[[str], None] | None) -> Callable[[str], None] | None:
    """Call ``listener`` at every point from now on; what it raises is raised there. ``None`` ends that.

    Returns the listener that was replaced.
    """
    global _listener  # one for each process, because a crash ends a process
    previous, _listener = _listener, listener
    return previous
