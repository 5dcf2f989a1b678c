from __future__ import annotations

from typing import Any

import pytest

import cqrs
from cqrs.errors import CircuitOpenError
from cqrs.events import bootstrap as event_bootstrap
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming


class Ask(cqrs.Request):
    pass


class Happened(cqrs.DomainEvent):
    by: str


class Breaker:
    """Open or closed by hand; remembers what went through it."""

    def __init__(self, *, is_open: bool = False) -> None:
        self.is_open = is_open
        self.calls: list[Any] = []

    async def call(self, identifier: Any, func: Any, *args: Any, **kwargs: Any) -> Any:
        self.calls.append(identifier)
        if self.is_open:
            raise CircuitOpenError(str(identifier))
        return await func(*args, **kwargs)

    def is_circuit_breaker_error(self, exc: Exception) -> bool:
        return isinstance(exc, CircuitOpenError)


class RecordingHooks(cqrs.Hooks):
    def __init__(self) -> None:
        self.used: list[tuple[str, str]] = []

    def fallback_used(self, primary: type, error: Exception) -> None:
        self.used.append((primary.__name__, type(error).__name__))


class Primary(cqrs.RequestHandler[Ask, str]):
    async def handle(self, request: Ask) -> str:
        self.record(Happened(by="primary"))
        raise ConnectionError("primary is away")


class StandIn(cqrs.RequestHandler[Ask, str]):
    async def handle(self, request: Ask) -> str:
        self.record(Happened(by="stand-in"))
        return "stand-in"


class FailingStandIn(cqrs.RequestHandler[Ask, str]):
    async def handle(self, request: Ask) -> str:
        raise LookupError("stand-in failed too")


class PrimaryStream(cqrs.StreamingRequestHandler[Ask, str]):
    async def handle(self, request: Ask) -> Any:
        self.record(Happened(by="primary"))
        yield "primary 1"
        self.record(Happened(by="lost"))
        raise ConnectionError("primary is away")


class StandInStream(cqrs.StreamingRequestHandler[Ask, str]):
    async def handle(self, request: Ask) -> Any:
        yield "stand-in 1"
        self.record(Happened(by="stand-in"))
        yield "stand-in 2"


def requests(seen: list[str], bound: Any, hooks: cqrs.Hooks | None = None) -> cqrs.RequestMediator:
    return bootstrap(
        commands_mapper=lambda m: m.bind(Ask, bound),
        domain_events_mapper=lambda m: m.bind(Happened, recording(seen)),
        hooks=hooks,
    )


def recording(seen: list[str]) -> Any:
    async def on_happened(event: Happened) -> None:
        seen.append(event.by)

    return on_happened


async def test_the_stand_in_answers_and_only_its_events_are_emitted(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []
    hooks = RecordingHooks()
    wired = requests(seen, cqrs.RequestHandlerFallback(Primary, StandIn), hooks)
    assert await wired.send(Ask()) == "stand-in"
    assert seen == ["stand-in"]
    assert hooks.used == [("Primary", "ConnectionError")]
    assert "its fallback takes over" in caplog.text


async def test_only_the_named_errors_make_the_stand_in_answer() -> None:
    named = cqrs.RequestHandlerFallback(Primary, StandIn, failure_exceptions=(ConnectionError,))
    assert await requests([], named).send(Ask()) == "stand-in"
    others = cqrs.RequestHandlerFallback(Primary, StandIn, failure_exceptions=(LookupError,))
    with pytest.raises(ConnectionError):
        await requests([], others).send(Ask())


async def test_if_both_fail_the_error_of_the_stand_in_carries_the_first() -> None:
    with pytest.raises(LookupError) as caught:
        await requests([], cqrs.RequestHandlerFallback(Primary, FailingStandIn)).send(Ask())
    assert isinstance(caught.value.__context__, ConnectionError)


async def test_an_open_circuit_goes_straight_to_the_stand_in() -> None:
    breaker = Breaker(is_open=True)
    bound = cqrs.RequestHandlerFallback(Primary, StandIn, (LookupError,), breaker)
    assert await requests([], bound).send(Ask()) == "stand-in"
    breaker.is_open = False
    with pytest.raises(ConnectionError):
        await requests([], bound).send(Ask())
    assert breaker.calls == [Primary, Primary]


async def test_functions_can_be_primary_and_stand_in() -> None:
    async def primary(_: Ask) -> str:
        raise ConnectionError

    async def stand_in(_: Ask) -> str:
        return "function"

    assert await requests([], cqrs.RequestHandlerFallback(primary, stand_in)).send(Ask()) == "function"


@pytest.mark.parametrize("breaker", [None, Breaker()], ids=["alone", "with breaker"])
async def test_a_stream_goes_on_with_the_stand_in_from_its_beginning(breaker: Breaker | None) -> None:
    seen: list[str] = []
    bound = cqrs.RequestHandlerFallback(PrimaryStream, StandInStream, circuit_breaker=breaker)
    wired = bootstrap_streaming(
        commands_mapper=lambda m: m.bind(Ask, bound), domain_events_mapper=lambda m: m.bind(Happened, recording(seen))
    )
    assert [c async for c in wired.stream(Ask())] == ["primary 1", "stand-in 1", "stand-in 2"]
    assert seen == ["primary", "stand-in"]


@pytest.mark.parametrize("breaker", [None, Breaker(is_open=True)], ids=["alone", "open circuit"])
async def test_the_stand_in_of_an_event_handler_handles_the_event(breaker: Breaker | None) -> None:
    seen: list[str] = []

    class OnHappened(cqrs.EventHandler[Happened]):
        async def handle(self, event: Happened) -> None:
            seen.append("primary")
            raise ConnectionError

    async def stand_in(event: Happened) -> None:
        seen.append(f"stand-in for {event.by}")

    bound = cqrs.EventHandlerFallback(OnHappened, stand_in, circuit_breaker=breaker)
    await event_bootstrap.bootstrap(events_mapper=lambda m: m.bind(Happened, bound)).send(Happened(by="x"))
    assert seen == (["primary", "stand-in for x"] if breaker is None else ["stand-in for x"])


async def test_events_of_a_primary_whose_call_fails_in_the_breaker_are_dropped() -> None:
    class LosesItsState(Breaker):
        async def call(self, identifier: Any, func: Any, *args: Any, **kwargs: Any) -> Any:
            await func(*args, **kwargs)
            raise ConnectionError("the state of the circuit cannot be stored")

    class Succeeding(cqrs.RequestHandler[Ask, str]):
        async def handle(self, request: Ask) -> str:
            self.record(Happened(by="primary"))
            return "primary"

    seen: list[str] = []
    bound = cqrs.RequestHandlerFallback(Succeeding, StandIn, circuit_breaker=LosesItsState())
    assert await requests(seen, bound).send(Ask()) == "stand-in"
    assert seen == ["stand-in"]


async def test_the_errors_may_be_named_in_a_list_or_alone() -> None:
    for named in ([ConnectionError], {ConnectionError}, ConnectionError):
        bound = cqrs.RequestHandlerFallback(Primary, StandIn, named)  # type: ignore[arg-type]
        assert await requests([], bound).send(Ask()) == "stand-in"


def streams_whose_events_fail(log: list[str]) -> cqrs.StreamingRequestMediator:
    class Logged(PrimaryStream):
        async def handle(self, request: Ask) -> Any:
            try:
                yield "primary 1"
                self.record(Happened(by="primary"))
                yield "primary 2"
            finally:
                log.append("primary closed")

    async def failing(_: Happened) -> None:
        raise LookupError("the event handler's")

    return bootstrap_streaming(
        commands_mapper=lambda m: m.bind(Ask, cqrs.RequestHandlerFallback(Logged, StandInStream)),
        domain_events_mapper=lambda m: m.bind(Happened, failing),
    )


async def test_a_failing_event_handler_is_no_failure_of_the_streaming_primary() -> None:
    log: list[str] = []
    with pytest.raises(LookupError, match="the event handler's"):
        async for chunk in streams_whose_events_fail(log).stream(Ask()):
            log.append(chunk)
    assert log == ["primary 1", "primary closed"]


async def test_an_error_of_the_stream_consumer_is_no_failure_of_the_streaming_primary() -> None:
    log: list[str] = []
    chunks = streams_whose_events_fail(log).stream(Ask())
    await anext(chunks)
    with pytest.raises(ValueError, match="the consumer's"):
        await chunks.athrow(ValueError("the consumer's"))
    assert log == ["primary closed"]
