"""Test suite for containers with request-scoped dependencies and asynchronous factories.

It is used like :class:`~cqrs.testing.conformance.container.ContainerConformance`, and includes those tests.
"""
# ruff: noqa: S101, D102 - assert is how a suite checks, and the name of a test states the behaviour

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

import pytest

from cqrs.events.bootstrap import bootstrap as bootstrap_events
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming
from cqrs.testing.conformance._container_shop import (
    Clock,
    CloseFailed,
    Connection,
    Journal,
    Ledger,
    NeedsBoth,
    NeedsClock,
    Paid,
    Pay,
    PayHandler,
    PayInParts,
    Refused,
    TellAccountant,
    TellCustomer,
    connections,
    ledgers,
)
from cqrs.testing.conformance.container import (
    Binding,
    ContainerBackend,
    ContainerConformance,
    container_of,
    injector_of,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from cqrs.mediator import RequestMediator

BUILDS = (PayHandler, PayInParts, TellCustomer)


class ScopedContainerConformance(ContainerConformance):
    """Tests for a container with scopes; to run them, subclass this and override the fixture ``backend``.

    A back end that passes guarantees, besides what ``ContainerConformance`` tests: a dependency with the lifetime
    "request" is built once for each request and shared within it; it is closed after the request and its events,
    also after an error, a cancellation or a stream that is not read to its end; the one opened last is closed
    first.
    """

    # Lifetimes

    async def test_factory_that_is_a_coroutine_function_is_awaited(self, backend: ContainerBackend) -> None:
        injector = injector_of(backend, Binding(Clock, slow_clock), builds=(NeedsClock,))
        async with injector.scope() as scope:
            assert isinstance((await scope.resolve(NeedsClock)).clock, Clock)

    async def test_singleton_is_built_once_for_two_concurrent_requests(self, backend: ContainerBackend) -> None:
        injector = injector_of(backend, Binding(Clock, slow_clock, "singleton"), builds=(NeedsClock,))

        async def request() -> Clock:
            async with injector.scope() as scope:
                return (await scope.resolve(NeedsClock)).clock

        first, second = await asyncio.gather(request(), request())
        assert first is second

    async def test_request_scoped_dependency_is_shared_within_one_request_only(self, backend: ContainerBackend) -> None:
        injector = injector_of(backend, Binding(Clock, Clock, "request"), builds=(NeedsClock,))
        async with injector.scope() as one, injector.scope() as other:
            shared = await one.resolve(Clock)
            assert (await one.resolve(NeedsClock)).clock is shared
            assert (await other.resolve(NeedsClock)).clock is not shared

    async def test_request_scoped_dependency_is_built_once_for_two_tasks(self, backend: ContainerBackend) -> None:
        injector = injector_of(backend, Binding(Clock, slow_clock, "request"), builds=(NeedsClock,))
        async with injector.scope() as scope:
            first, second = await asyncio.gather(scope.resolve(NeedsClock), scope.resolve(NeedsClock))
        assert first.clock is second.clock

    # Closing

    async def test_the_dependency_opened_last_is_closed_first(self, backend: ContainerBackend) -> None:
        journal = Journal()
        async with injector_of(backend, *shop(journal)).scope() as scope:
            await scope.resolve(Ledger)  # type: ignore[type-abstract]  # that is what ports are for
        assert journal.lines == ["open connection 1", "open ledger", "close ledger", "close connection 1"]

    async def test_opened_dependencies_are_closed_if_the_rest_cannot_be_built(self, backend: ContainerBackend) -> None:
        def refuse(connection: Connection) -> Ledger:
            raise Refused(connection)

        journal = Journal()
        bindings = Binding(Connection, connections(journal), "request"), Binding(Ledger, refuse, "request")
        with pytest.raises(Refused):
            async with injector_of(backend, *bindings, builds=(NeedsBoth,)).scope() as scope:
                await scope.resolve(NeedsBoth)
        assert journal.lines == ["open connection 1", "after Refused close connection 1"]

    async def test_error_while_closing_reaches_the_caller_and_the_rest_is_closed(
        self, backend: ContainerBackend
    ) -> None:
        journal = Journal()
        bindings = (
            Binding(Connection, connections(journal), "request"),
            Binding(Ledger, ledgers(journal, CloseFailed), "request"),
        )
        with pytest.raises(Exception) as caught:  # noqa: PT011  # some containers put such errors into a group
            async with injector_of(backend, *bindings).scope() as scope:
                await scope.resolve(Ledger)  # type: ignore[type-abstract]  # that is what ports are for
        assert any(isinstance(error, CloseFailed) for error in flattened(caught.value))
        assert journal.lines[-1].endswith("close connection 1")

    async def test_closed_scope_resolves_nothing(self, backend: ContainerBackend) -> None:
        journal = Journal()
        async with injector_of(backend, *shop(journal)).scope() as scope:
            pass
        with pytest.raises(Exception):  # noqa: B017, PT011  # which one is the container's choice
            await scope.resolve(Connection)
        assert journal.lines == []

    # Use by mediators

    async def test_scope_opens_before_the_handler_and_closes_after_its_events(self, backend: ContainerBackend) -> None:
        journal = Journal()
        assert await mediator(backend, journal).send(Pay()) == "connection 1"
        assert journal.lines == [
            *("open connection 1", "open ledger"),
            *("handle on connection 1", "event on connection 1", "event on connection 1"),
            *("close ledger", "close connection 1"),
        ]

    async def test_scope_closes_when_the_handler_fails(self, backend: ContainerBackend) -> None:
        journal = Journal()
        with pytest.raises(Refused):
            await mediator(backend, journal).send(Pay(then="fail"))
        assert journal.lines[2:] == ["handle on connection 1", "close ledger", "after Refused close connection 1"]

    async def test_scope_closes_when_an_event_handler_fails(self, backend: ContainerBackend) -> None:
        journal = Journal()
        with pytest.raises(Refused):
            await mediator(backend, journal).send(Pay(then="fail later"))
        assert journal.lines[-2:] == ["close ledger", "after Refused close connection 1"]

    async def test_scope_closes_when_the_request_is_cancelled(self, backend: ContainerBackend) -> None:
        journal = Journal()
        request = Pay(then="hang")
        sending = asyncio.create_task(mediator(backend, journal).send(request))
        await journal.reached("handle on connection 1")
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert journal.lines[-2:] == ["close ledger", "after CancelledError close connection 1"]

    async def test_concurrent_requests_have_separate_scopes(self, backend: ContainerBackend) -> None:
        send = mediator(backend, Journal()).send
        assert sorted(await asyncio.gather(send(Pay()), send(Pay()))) == ["connection 1", "connection 2"]

    async def test_scope_stays_open_until_a_stream_ends(self, backend: ContainerBackend) -> None:
        journal = Journal()
        async for part in stream(backend, journal, Pay()):
            journal.write(f"consume {part}")
        assert journal.lines == [
            *("open connection 1", "open ledger"),
            *("first on connection 1", "event on connection 1", "consume first"),
            *("second on connection 1", "event on connection 1", "consume second"),
            *("close ledger", "close connection 1"),
        ]

    async def test_scope_closes_when_a_stream_fails(self, backend: ContainerBackend) -> None:
        journal = Journal()
        with pytest.raises(Refused):
            _ = [part async for part in stream(backend, journal, Pay(then="fail"))]
        assert journal.lines[-2:] == ["close ledger", "after Refused close connection 1"]

    async def test_scope_closes_when_the_consumer_closes_the_stream(self, backend: ContainerBackend) -> None:
        journal = Journal()
        async with aclosing(stream(backend, journal, Pay())) as parts:
            assert await anext(parts) == "first"
            assert journal.lines[-1] == "event on connection 1"
        assert journal.lines[-2:] == ["close ledger", "after CancelledError close connection 1"]

    async def test_handlers_of_an_event_from_outside_share_a_scope(self, backend: ContainerBackend) -> None:
        journal = Journal()

        def events(m: Any) -> None:
            m.bind(Paid, TellCustomer)
            m.bind(Paid, TellAccountant)

        container = container_of(backend, shop(journal), (*BUILDS, TellAccountant))
        await bootstrap_events(container, events_mapper=events).send(Paid())
        assert journal.lines == [
            *("open connection 1", "event on connection 1", "booked on connection 1", "close connection 1"),
        ]


def mediator(backend: ContainerBackend, journal: Journal) -> RequestMediator:
    """Make a mediator whose handlers use a connection and a ledger of the request."""
    return bootstrap(
        container_of(backend, shop(journal), BUILDS),
        commands_mapper=lambda m: m.bind(Pay, PayHandler),
        domain_events_mapper=lambda m: m.bind(Paid, TellCustomer),
    )


def stream(backend: ContainerBackend, journal: Journal, request: Pay) -> AsyncGenerator[str, None]:
    """Return the stream of a mediator with the same bindings."""
    return bootstrap_streaming(
        container_of(backend, shop(journal), BUILDS),
        commands_mapper=lambda m: m.bind(Pay, PayInParts),
        domain_events_mapper=lambda m: m.bind(Paid, TellCustomer),
    ).stream(request)


def shop(journal: Journal) -> tuple[Binding, ...]:
    """The bindings of a request-scoped connection and a request-scoped ledger."""
    return Binding(Connection, connections(journal), "request"), Binding(Ledger, ledgers(journal), "request")


async def slow_clock() -> Clock:
    """Make a clock after other tasks have had a chance to run."""
    await asyncio.sleep(0)
    return Clock()


def flattened(error: BaseException) -> list[BaseException]:
    """The errors of a group and of its subgroups; for any other error, the error alone."""
    if isinstance(error, BaseExceptionGroup):
        return [one for part in cast("Any", error).exceptions for one in flattened(part)]
    return [error]
