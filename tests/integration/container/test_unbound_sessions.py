"""Sessions and recorders for which a container of another library has nothing."""

from __future__ import annotations

from typing import Any

import di
import pytest
from dependency_injector import containers
from dishka import Provider, make_async_container
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002  # the containers read it

import cqrs
from cqrs.errors import WiringError
from cqrs.requests.bootstrap import bootstrap
from tests.integration.container.session_wirings import Databases, Place, place

EMPTY: dict[str, Any] = {
    "dishka": lambda: make_async_container(Provider()),
    "dependency-injector": containers.DynamicContainer,
    "di": di.Container,
}
BIND = 'container.bind(bind_by_type(Dependent(lambda: db.session, scope="singleton"), AsyncSession))'


class Recording:
    def __init__(self, events: cqrs.EventRecorder) -> None: ...


async def records(_: Place, recording: Recording, events: cqrs.EventRecorder) -> None: ...


async def perhaps(_: Place, session: AsyncSession | None = None) -> None:
    assert session is None


@pytest.mark.parametrize("library", EMPTY)
def test_session_that_is_not_bound_is_refused_without_a_database(library: str) -> None:
    with pytest.raises(WiringError) as refused:
        bootstrap(EMPTY[library](), commands_mapper=lambda m: m.bind(Place, place))
    (found,) = refused.value.problems
    assert found.subject == "place → Orders → AsyncSession"
    assert found.problem.startswith("nothing is bound for AsyncSession, and one that is made here would have no engine")
    assert found.remedy.startswith("Pass database=db, a cqrs.Database, to the bootstrap")
    assert (BIND in found.remedy) == (library == "di")


@pytest.mark.parametrize("library", ["dishka", "dependency-injector"])
async def test_session_of_the_database_is_given_where_the_library_has_none(given: Databases, library: str) -> None:
    mediator = bootstrap(EMPTY[library](), database=given.db, commands_mapper=lambda m: m.bind(Place, place))
    await mediator.send(Place())
    assert await given.count() == 1


def test_session_of_the_database_is_to_be_bound_in_di(given: Databases) -> None:
    with pytest.raises(WiringError) as refused:
        bootstrap(di.Container(), database=given.db, commands_mapper=lambda m: m.bind(Place, place))
    (found,) = refused.value.problems
    assert found.subject == "place → Orders → AsyncSession"
    assert found.problem == "nothing is bound for AsyncSession"
    assert found.remedy == f"Bind the session that is always the open transaction's: {BIND}"


@pytest.mark.parametrize("library", EMPTY)
def test_recorder_of_a_service_is_refused(library: str) -> None:
    with pytest.raises(WiringError) as refused:
        bootstrap(EMPTY[library](), commands_mapper=lambda m: m.bind(Place, records))
    (found,) = refused.value.problems
    assert found.subject == "records → Recording → EventRecorder"
    assert "what is recorded in an EventRecorder" in found.problem


@pytest.mark.parametrize("library", EMPTY)
async def test_session_that_may_be_missing_is_left_out(library: str) -> None:
    await bootstrap(EMPTY[library](), commands_mapper=lambda m: m.bind(Place, perhaps)).send(Place())


class Both:
    def __init__(self, session: AsyncSession, number: int) -> None: ...


@pytest.mark.parametrize("library", EMPTY)
def test_session_is_reported_beside_other_missing_types(library: str) -> None:
    async def needs_both(_: Place, both: Both) -> None: ...

    with pytest.raises(WiringError) as refused:
        bootstrap(EMPTY[library](), database=cqrs.MemoryDatabase(), commands_mapper=lambda m: m.bind(Place, needs_both))
    assert [p.subject.rpartition("→ ")[2] for p in refused.value.problems][-2:] == ["int", "AsyncSession"]
