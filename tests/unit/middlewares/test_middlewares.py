from __future__ import annotations

import logging
from typing import Any

import pytest

import cqrs
from cqrs.container.scope import current_scope
from cqrs.events import bootstrap as event_bootstrap
from cqrs.message_brokers import MemoryMessageBroker
from cqrs.middlewares import LoggingMiddleware
from cqrs.requests.bootstrap import bootstrap


class Ask(cqrs.Request):
    note: str = "s3cret"


class Happened(cqrs.DomainEvent):
    pass


class Told(cqrs.NotificationEvent[None]):
    pass


async def answer(_: Ask, events: cqrs.EventRecorder) -> str:
    events.record(Happened(), Told(event_name="told", payload=None))
    return "answer"


def named(name: str, log: list[str]) -> Any:
    async def middleware(request: Any, handle: Any) -> Any:
        log.append(f"{name} in")
        result = await handle(request)
        log.append(f"{name} out")
        return result

    return middleware


async def test_the_first_middleware_is_the_outermost_and_wraps_handler_events_and_sending() -> None:
    log: list[str] = []

    async def on_happened(_: Happened) -> None:
        log.append("event")

    class Broker(MemoryMessageBroker):
        async def send_message(self, message: Any) -> None:
            log.append("sent")

    mediator = bootstrap(
        commands_mapper=lambda m: m.bind(Ask, answer),
        domain_events_mapper=lambda m: m.bind(Happened, on_happened),
        message_broker=Broker(),
        middlewares=[named("outer", log), named("inner", log)],
    )
    assert await mediator.send(Ask()) == "answer"
    assert log == ["outer in", "inner in", "event", "sent", "inner out", "outer out"]


async def test_a_received_event_is_wrapped_too() -> None:
    log: list[str] = []

    async def on_happened(_: Happened) -> None:
        log.append("event")

    mediator = event_bootstrap.bootstrap(
        events_mapper=lambda m: m.bind(Happened, on_happened), middlewares=[named("mw", log)]
    )
    await mediator.send(Happened())
    assert log == ["mw in", "event", "mw out"]


async def test_a_middleware_can_answer_retry_and_refuse() -> None:
    attempts: list[int] = []

    async def flaky(_: Ask) -> str:
        attempts.append(1)
        if len(attempts) == 1:
            raise ConnectionError
        return "second"

    async def retry(request: Any, handle: Any) -> Any:
        try:
            return await handle(request)
        except ConnectionError:
            return await handle(request)

    async def cached(request: Any, handle: Any) -> Any:
        return "cached"

    def mediator(middleware: Any) -> cqrs.RequestMediator:
        return bootstrap(commands_mapper=lambda m: m.bind(Ask, flaky), middlewares=[middleware])

    assert await mediator(retry).send(Ask()) == "second"
    assert await mediator(cached).send(Ask()) == "cached"
    assert len(attempts) == 2


async def test_a_chain_is_built_by_hand_too() -> None:
    log: list[str] = []
    chain = cqrs.MiddlewareChain()
    chain.set([named("a", log)])
    chain.add(named("b", log))

    async def handle(request: Any) -> Any:
        log.append("handle")
        return request

    assert await chain.wrap(handle)("x") == "x"
    assert log == ["a in", "b in", "handle", "b out", "a out"]
    assert bool(chain)
    assert not cqrs.MiddlewareChain()


async def test_a_middleware_sees_the_request_scope() -> None:
    class Session:
        pass

    seen: list[Any] = []
    container = cqrs.Resolver()
    container.bind(Session, lifetime="request")

    async def remember(request: Any, handle: Any) -> Any:
        seen.append(await current_scope().resolve(Session))
        return await handle(request)

    async def use(_: Ask, session: Session) -> None:
        seen.append(session)

    use.__annotations__["session"] = Session
    mediator = bootstrap(container, commands_mapper=lambda m: m.bind(Ask, use), middlewares=[remember])
    await mediator.send(Ask())
    await mediator.send(Ask())
    assert seen[0] is seen[1] is not seen[2] is seen[3]
    with pytest.raises(LookupError):
        current_scope()


class Untouchable:
    def __repr__(self) -> str:
        pytest.fail("a request was formatted although no level wants it")

    __str__ = __repr__


async def test_nothing_is_formatted_while_no_level_wants_it(caplog: pytest.LogCaptureFixture) -> None:
    async def handle(_: Any) -> str:
        return "x"

    with caplog.at_level(logging.INFO, logger="cqrs"):
        assert await LoggingMiddleware(payloads=True)(Untouchable(), handle) == "x"
    assert [r for r in caplog.records if r.name == "cqrs"] == []


async def test_requests_are_logged_by_default_without_their_content(caplog: pytest.LogCaptureFixture) -> None:
    mediator = bootstrap(commands_mapper=lambda m: m.bind(Ask, answer), message_broker=MemoryMessageBroker())
    with caplog.at_level(logging.DEBUG, logger="cqrs"):
        await mediator.send(Ask())
    assert any(m.startswith("Ask handled in") for m in caplog.messages)
    assert "s3cret" not in caplog.text


async def test_failures_are_logged_without_content_and_raised(caplog: pytest.LogCaptureFixture) -> None:
    async def failing(_: Ask) -> None:
        raise LookupError("s3cret")

    mediator = bootstrap(commands_mapper=lambda m: m.bind(Ask, failing))
    with caplog.at_level(logging.DEBUG, logger="cqrs"), pytest.raises(LookupError):
        await mediator.send(Ask())
    assert any("Ask failed with LookupError" in m for m in caplog.messages)
    assert "s3cret" not in caplog.text


async def test_content_is_logged_when_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    async def handle(_: Any) -> str:
        return "the answer"

    logger = logging.getLogger("shop")
    with caplog.at_level(logging.DEBUG, logger="shop"):
        await LoggingMiddleware(logger, payloads=True)(Ask(), handle)
    assert "s3cret" in caplog.text
    assert "the answer" in caplog.text
    assert {r.name for r in caplog.records if r.name in {"cqrs", "shop"}} == {"shop"}
