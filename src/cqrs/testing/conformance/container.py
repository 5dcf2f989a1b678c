"""Test suite for dependency injection containers, as mediators use them.

Subclass the suite and override its fixture:

    class TestMine(ContainerConformance):
        @pytest.fixture
        def backend(self):
            return MyBackend()

``MyBackend`` implements :class:`ContainerBackend`. For a container that has request-scoped dependencies, use
``scoped_container.ScopedContainerConformance``.
"""
# ruff: noqa: S101, D102 - assert is how a suite checks, and the name of a test states the behaviour

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from cqrs.container.adopt import adopt
from cqrs.errors.wiring import WiringError
from cqrs.requests.bootstrap import bootstrap
from cqrs.testing.conformance._container_shop import (
    Clock,
    Connection,
    Journal,
    Ledger,
    NeedsClock,
    NeedsTwoInterfaces,
    Paid,
    Pay,
    PayHandler,
    Refused,
    SqlLedger,
    TellCustomer,
    WithDefaults,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqrs.container.adopt import Injector
    from cqrs.container.resolving.provider import Lifetime


@dataclass(frozen=True, slots=True)
class Features:
    """What the container can do.

    ``autowires``: it builds a concrete class that is not bound. ``checks``: it reports types that cannot be
    built before it builds any; otherwise the first request raises.
    """

    autowires: bool = True
    checks: bool = True


@dataclass(frozen=True, slots=True)
class Binding:
    """How the type ``asked`` is built: by a class, or by a function whose annotations name parameters and result."""

    asked: type
    factory: Callable[..., Any]
    lifetime: Lifetime = "transient"


class ContainerBackend(Protocol):
    """Makes containers of one kind."""

    features: Features

    def container(self, bindings: Sequence[Binding]) -> Any:
        """Make a container that can be given to a bootstrap and has these bindings only."""
        ...


@pytest.mark.asyncio
class ContainerConformance:
    """Tests for a container; to run them, subclass this and override the fixture ``backend``.

    A back end that passes guarantees: handlers and their dependencies are built from their annotations, with the
    lifetimes "transient" and "singleton"; the error of a factory reaches the caller; a handler that cannot be built
    is reported by ``bootstrap`` if the container declares ``checks``.
    """

    @pytest.fixture
    def backend(self) -> ContainerBackend:
        raise NotImplementedError("Override the fixture `backend` with one that returns your back end.")

    # Building

    async def test_annotated_parameters_are_built_from_their_bindings(self, backend: ContainerBackend) -> None:
        injector = injector_of(backend, Binding(Ledger, SqlLedger), Binding(Connection, new_connection))
        async with injector.scope() as scope:
            ledger = await scope.resolve(Ledger)  # type: ignore[type-abstract]  # that is what ports are for
        assert isinstance(ledger, SqlLedger)
        assert isinstance(ledger.connection, Connection)

    async def test_handler_is_built_anew_each_time(self, backend: ContainerBackend) -> None:
        injector = injector_of(backend, Binding(Connection, new_connection), builds=(TellCustomer,))
        async with injector.scope() as scope:
            assert await scope.resolve(TellCustomer) is not await scope.resolve(TellCustomer)

    async def test_transient_is_made_for_each_dependent(self, backend: ContainerBackend) -> None:
        injector = injector_of(backend, Binding(Clock, Clock), Binding(NeedsClock, NeedsClock))
        async with injector.scope() as scope:
            assert (await scope.resolve(NeedsClock)).clock is not (await scope.resolve(NeedsClock)).clock

    async def test_singleton_is_shared_by_all_requests(self, backend: ContainerBackend) -> None:
        injector = injector_of(backend, Binding(Clock, Clock, "singleton"), builds=(NeedsClock,))
        async with injector.scope() as scope:
            first = await scope.resolve(NeedsClock)
        async with injector.scope() as scope:
            assert (await scope.resolve(NeedsClock)).clock is first.clock

    async def test_parameter_keeps_its_default_if_nothing_is_bound_for_it(self, backend: ContainerBackend) -> None:
        injector = injector_of(backend, Binding(Clock, Clock), builds=(WithDefaults,))
        assert injector.check([WithDefaults]) == []
        async with injector.scope() as scope:
            made = await scope.resolve(WithDefaults)
        assert made.rest == (3, None, None)
        assert isinstance(made.clock, Clock)

    async def test_unbound_class_is_built_if_the_container_autowires(self, backend: ContainerBackend) -> None:
        injector = injector_of(backend)
        if backend.features.autowires:
            async with injector.scope() as scope:
                assert isinstance((await scope.resolve(NeedsClock)).clock, Clock)
        else:
            with pytest.raises(Exception):  # noqa: B017, PT011  # which one is the container's choice
                async with injector.scope() as scope:
                    await scope.resolve(NeedsClock)

    async def test_error_of_a_factory_reaches_the_caller(self, backend: ContainerBackend) -> None:
        def refuse() -> Clock:
            raise Refused

        injector = injector_of(backend, Binding(Clock, refuse), builds=(NeedsClock,))
        with pytest.raises(Refused):
            async with injector.scope() as scope:
                await scope.resolve(NeedsClock)

    async def test_singleton_whose_factory_failed_is_built_at_the_next_request(self, backend: ContainerBackend) -> None:
        failures = [Refused()]

        def try_again() -> Clock:
            if failures:
                raise failures.pop()
            return Clock()

        injector = injector_of(backend, Binding(Clock, try_again, "singleton"), builds=(NeedsClock,))
        with pytest.raises(Refused):
            async with injector.scope() as scope:
                await scope.resolve(NeedsClock)
        async with injector.scope() as scope:
            assert isinstance((await scope.resolve(NeedsClock)).clock, Clock)

    # Problems that are reported before the first request

    async def test_check_reports_each_missing_type_and_the_class_that_needs_it(self, backend: ContainerBackend) -> None:
        injector = injector_of(backend, Binding(Connection, new_connection), builds=(PayHandler,))
        problems = injector.check([PayHandler])
        assert len(problems) == backend.features.checks
        for problem in problems:
            assert "PayHandler" in problem.subject
            assert "Ledger" in problem.problem
            assert problem.remedy

    async def test_check_reports_all_problems_at_once(self, backend: ContainerBackend) -> None:
        injector = injector_of(backend, builds=(NeedsTwoInterfaces, PayHandler))
        problems = [str(p) for p in injector.check([NeedsTwoInterfaces, PayHandler])]
        assert any("Ledger" in problem for problem in problems) == backend.features.checks
        assert any("Rates" in problem for problem in problems) == backend.features.checks

    async def test_check_of_complete_bindings_reports_nothing_and_builds_nothing(
        self, backend: ContainerBackend
    ) -> None:
        journal = Journal()

        def connect() -> Connection:
            return Connection(journal)

        bindings = Binding(Connection, connect), Binding(Ledger, SqlLedger)
        injector = injector_of(backend, *bindings, builds=(PayHandler, TellCustomer))
        assert injector.check([PayHandler, TellCustomer]) == []
        assert journal.opened == 0

    async def test_bootstrap_refuses_a_handler_that_cannot_be_built(self, backend: ContainerBackend) -> None:
        container = container_of(backend, [Binding(Connection, new_connection)], (PayHandler,))
        if backend.features.checks:
            with pytest.raises(WiringError, match="Ledger"):
                bootstrap(container, commands_mapper=lambda m: m.bind(Pay, PayHandler))
        else:
            mediator = bootstrap(container, commands_mapper=lambda m: m.bind(Pay, PayHandler))
            with pytest.raises(Exception):  # noqa: B017, PT011  # which one is the container's choice
                await mediator.send(Pay())

    # Use by a mediator

    async def test_mediator_takes_handlers_and_their_dependencies_from_the_container(
        self, backend: ContainerBackend
    ) -> None:
        journal = Journal()

        def connect() -> Connection:
            return Connection(journal)

        bindings = Binding(Connection, connect, "singleton"), Binding(Ledger, SqlLedger)
        mediator = bootstrap(
            container_of(backend, bindings, (PayHandler, TellCustomer)),
            commands_mapper=lambda m: m.bind(Pay, PayHandler),
            domain_events_mapper=lambda m: m.bind(Paid, TellCustomer),
        )
        assert await mediator.send(Pay()) == "connection 1"
        assert journal.lines == ["handle on connection 1", "event on connection 1", "event on connection 1"]


def container_of(backend: ContainerBackend, bindings: Sequence[Binding], builds: Sequence[type]) -> Any:
    """Make a container with ``bindings``; the classes ``builds`` are bound, too, if it does not autowire."""
    unbound = () if backend.features.autowires else builds
    return backend.container([*bindings, *(Binding(cls, cls) for cls in unbound)])


def injector_of(backend: ContainerBackend, *bindings: Binding, builds: Sequence[type] = ()) -> Injector:
    """Make the same container, with the interface that mediators use."""
    return adopt(container_of(backend, bindings, builds))


def new_connection() -> Connection:
    """Make a connection whose journal is never read."""
    return Connection(Journal())
