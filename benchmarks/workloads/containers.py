"""Sending with the containers of other libraries, in which nothing lives per request unless it is declared."""

from __future__ import annotations

from typing import Any

import di
import dishka
from dependency_injector import containers, providers
from di import bind_by_type
from di.dependent import Dependent

from benchmarks.shop import COMMAND, Clock, Injected, Mailer, Repository
from benchmarks.workload import Target, Work, Workload
from benchmarks.workloads.send import direct, sending

_THINGS = (Clock, Repository, Mailer)
_TARGETS = (Target("limit", 8), Target("peer", 3))
_repository, _mailer = Repository(Clock()), Mailer()


class _Providers(containers.DeclarativeContainer):
    clock = providers.Singleton(Clock)
    repository = providers.Singleton(Repository, clock=clock)
    mailer = providers.Singleton(Mailer)


def _di() -> di.Container:
    container = di.Container()
    for thing in _THINGS:
        container.bind(bind_by_type(Dependent[Any](thing, scope="singleton"), thing))
    return container


def _dishka() -> dishka.AsyncContainer:
    provider = dishka.Provider(scope=dishka.Scope.APP)
    provider.provide_all(*_THINGS)
    return dishka.make_async_container(provider)


async def _assembled(times: int) -> None:
    for _ in range(times):
        await Injected(_repository.clock, _repository, _mailer).handle(COMMAND)


def _workloads(library: str, plain: Any, filled: Any, *, peer: bool) -> tuple[Workload, Workload]:
    targets = _TARGETS if peer else _TARGETS[:1]
    return (
        Workload(
            library,
            f"as send, with a container of {library}",
            ours=Work(sending(di_container=plain)),
            limit=Work(direct),
            peer=Work(f"send, {library}") if peer else None,
            targets=targets,
        ),
        Workload(
            f"{library}-inject",
            "the same to a handler with three dependencies that the container keeps; limit: assembled by hand",
            ours=Work(sending(Injected, di_container=filled)),
            limit=Work(_assembled),
            peer=Work(f"send, 3 kept by {library}") if peer else None,
            targets=targets,
        ),
    )


WORKLOADS = (
    *_workloads("di", di.Container(), _di(), peer=True),
    Workload(
        "di-request",
        "as inject, with an empty container of di, which then shares each dependency within the request",
        ours=Work(sending(Injected, di_container=di.Container())),
        limit=Work(_assembled),
        peer=Work("send, 3 injected"),
        targets=(Target("peer", 3),),
    ),
    *_workloads("dependency-injector", _Providers(), _Providers(), peer=True),
    *_workloads("dishka", _dishka(), _dishka(), peer=False),
)
