"""Sending to handlers that need something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cqrs
from benchmarks.shop import COMMAND, Clock, Injected, Mailer, Repository
from benchmarks.workload import Work, Workload
from benchmarks.workloads.send import direct, sending

if TYPE_CHECKING:
    from collections.abc import Iterator


def _mailer() -> Iterator[Mailer]:
    yield Mailer()


def _per_request() -> cqrs.Resolver:
    resolver = cqrs.Resolver()
    resolver.bind(Mailer, lifetime="request")
    return resolver


def _cleaned_up() -> cqrs.Resolver:
    resolver = cqrs.Resolver()
    resolver.bind(Mailer, _mailer, lifetime="request")
    return resolver


async def _assembled(times: int) -> None:
    for _ in range(times):
        await Injected(Clock(), Repository(Clock()), Mailer()).handle(COMMAND)


WORKLOADS = (
    Workload(
        "inject",
        "a handler with three dependencies, one of them with its own; limit: assembled by hand",
        ours=Work(sending(Injected)),
        limit=Work(_assembled),
        peer=Work("send, 3 injected"),
    ),
    Workload(
        "scope",
        "as send, in an application where something lives per request; limit: the handler called by hand",
        ours=Work(sending(di_container=_per_request())),
        limit=Work(direct),
    ),
    Workload(
        "scope-inject",
        "as inject, one of the dependencies shared within the request; limit: assembled by hand",
        ours=Work(sending(Injected, di_container=_per_request())),
        limit=Work(_assembled),
    ),
    Workload(
        "scope-cleanup",
        "as scope-inject, that dependency from a generator and closed at the end; limit: assembled by hand",
        ours=Work(sending(Injected, di_container=_cleaned_up())),
        limit=Work(_assembled),
    ),
)
