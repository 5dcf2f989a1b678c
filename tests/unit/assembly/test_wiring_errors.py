from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Generic, Protocol, TypedDict, TypeVar

import pytest

import cqrs
from cqrs.errors import WiringError
from cqrs.events import bootstrap as event_bootstrap
from cqrs.message_brokers import MemoryMessageBroker
from cqrs.middlewares import LoggingMiddleware
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine


T = TypeVar("T")


class Answer(cqrs.Response):
    pass


class Ask(cqrs.Request[Answer]):
    pass


class Other(cqrs.Request):
    pass


class Happened(cqrs.DomainEvent):
    pass


class Port(Protocol):
    async def get(self) -> int: ...


class Good(cqrs.RequestHandler[Ask, Answer]):
    async def handle(self, request: Ask) -> Answer:
        return Answer()


class ForOther(cqrs.RequestHandler[Other, Answer]):
    async def handle(self, request: Other) -> Answer:
        return Answer()


class WrongAnswer(cqrs.RequestHandler[Ask, int]):
    async def handle(self, request: Ask) -> int:
        return 1


class Abstract(cqrs.RequestHandler[Ask, Answer]):
    @abc.abstractmethod
    async def extra(self) -> None: ...


class NeedsPort(Good):
    def __init__(self, port: Port) -> None:
        self.port = port


class NotAsync(cqrs.RequestHandler[Ask, Answer]):
    def handle(self, request: Ask) -> Answer:  # type: ignore[override]
        return Answer()


class Yields(cqrs.RequestHandler[Ask, Answer]):
    async def handle(self, request: Ask) -> Any:
        yield Answer()


class DoesNotYield(cqrs.StreamingRequestHandler[Ask, Answer]):
    async def handle(self, request: Ask) -> Answer:  # type: ignore[override]
        return Answer()


class ReturnsAStream(cqrs.StreamingRequestHandler[Ask, Answer]):
    async def handle(self, request: Ask) -> AsyncIterator[Answer]:  # type: ignore[override]
        return aiter(Stream().handle(request))


class Link(cqrs.CORRequestHandler[Ask, Answer]):
    async def handle(self, request: Ask) -> Answer | None:
        return None


class LinkForOther(cqrs.CORRequestHandler[Other, Answer]):
    async def handle(self, request: Other) -> Answer | None:
        return None


class Stream(cqrs.StreamingRequestHandler[Ask, Answer]):
    async def handle(self, request: Ask) -> Any:
        yield Answer()


class NoHandle:
    pass


class OnHappened(cqrs.EventHandler[Happened]):
    async def handle(self, event: Happened) -> None: ...


class SyncOnHappened(cqrs.EventHandler[Happened]):
    def handle(self, event: Happened) -> None: ...  # type: ignore[override]


class OnHappenedNeedsPort(OnHappened):
    def __init__(self, port: Port) -> None:
        self.port = port


@pytest.mark.parametrize(
    ("bound", "problem"),
    [
        (ForOther, "ForOther bound to Ask: it answers Other. Bind it to Other"),
        (WrongAnswer, "WrongAnswer bound to Ask: it answers with int, the request declares Answer"),
        (Abstract, r"it is abstract \(extra, handle\)"),
        (NeedsPort, r"NeedsPort → Port: Port is an interface and nothing is bound for it. Bind an implementation"),
        (NotAsync, "its handle is not a coroutine"),
        (Yields, "its handle is not a coroutine"),
        (DoesNotYield, "its handle does not yield"),
        (ReturnsAStream, "its handle does not yield"),
        (NoHandle, "it has no method handle"),
        (OnHappened, "OnHappened bound to Ask: it handles events. Bind it to an event, in domain_events_mapper"),
        (cqrs.RequestHandlerFallback(Good, Good, circuit_breaker=NoHandle), "NoHandle is a class. Pass an instance"),
        ([], "the chain bound to Ask: it has no member"),
        ([Link, Good], "Good bound to Ask: it is in a chain but no CORRequestHandler"),
        ([Link, LinkForOther], "LinkForOther bound to Ask: it answers Other"),
        (cqrs.RequestHandlerFallback(Good, ForOther), "ForOther bound to Ask: it answers Other"),
        (cqrs.RequestHandlerFallback(Good, Stream), "one of the two streams and the other does not"),
        (cqrs.RequestHandlerFallback(Good, Link), "a fallback takes two single handlers"),
        ("handler", "it is not an async function"),
    ],
)
def test_a_request_binding_that_cannot_work_is_found_at_start(bound: Any, problem: str) -> None:
    for build in (bootstrap, bootstrap_streaming):
        with pytest.raises(WiringError, match=problem):
            build(commands_mapper=lambda m: m.bind(Ask, bound))


@pytest.mark.parametrize(
    ("bound", "problem"),
    [
        (NoHandle, "it cannot handle events"),
        (Good, "Good bound to Happened: it answers requests. Bind it to a request"),
        ([OnHappened], "it cannot handle events. Bind .* each on its own"),
        (SyncOnHappened, "it is not async"),
        (OnHappenedNeedsPort, "OnHappenedNeedsPort → Port"),
        (cqrs.EventHandler, "it is abstract"),
        ("handler", "it cannot handle events"),
        (cqrs.EventHandlerFallback(OnHappened, SyncOnHappened), "SyncOnHappened bound to Happened: it is not async"),
    ],
)
def test_an_event_binding_that_cannot_work_is_found_at_start(bound: Any, problem: str) -> None:
    with pytest.raises(WiringError, match=problem):
        bootstrap(domain_events_mapper=lambda m: m.bind(Happened, bound))
    with pytest.raises(WiringError, match=problem):
        event_bootstrap.bootstrap(events_mapper=lambda m: m.bind(Happened, bound))


@pytest.mark.parametrize("event_type", [Happened | Answer, "Happened"])
def test_an_event_that_is_no_class_is_found_at_start(event_type: Any) -> None:
    with pytest.raises(WiringError, match=r"it is not a class\. Bind each class on its own"):
        event_bootstrap.bootstrap(events_mapper=lambda m: m.bind(event_type, OnHappened))


class AsyncReport:
    """A class that is called like something asynchronous and is not."""


class Row(TypedDict):
    number: int


class PortImplementation:
    async def get(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("declared", "answered"),
    [
        (AsyncReport, AsyncReport),
        (Port, PortImplementation),
        (Row, Row),
        (Row, dict),
        (float, int),
        (Answer | None, Answer),
        (Answer | None, None),
        (Answer, Answer | None),
        (Annotated[Answer, "described"], Answer),
        (Answer, Annotated[Answer, "described"]),
    ],
    ids=str,
)
def test_unknown_or_fitting_result_types_are_no_mistake(declared: Any, answered: Any) -> None:
    class AskFor(cqrs.Request[declared]):
        pass

    class Answering(cqrs.RequestHandler[AskFor, answered]):
        async def handle(self, request: AskFor) -> Any: ...

    async def answering(request: Any) -> Any: ...

    answering.__annotations__ = {"request": AskFor, "return": answered}
    for handler in (Answering, answering):
        request_map = cqrs.RequestMap()
        request_map.bind(AskFor, handler)
        assert list(request_map.problems()) == []
        assert not request_map.binding(AskFor).streaming


@pytest.mark.parametrize("answered", [int, int | None, Answer | int])
def test_an_answer_that_fits_in_no_case_is_found(answered: Any) -> None:
    class AskFor(cqrs.Request[AsyncReport | None]):
        pass

    async def answering(request: Any) -> Any: ...

    answering.__annotations__ = {"return": answered}
    with pytest.raises(WiringError, match=r"it answers with .*int.*, the request declares .*AsyncReport"):
        bootstrap(commands_mapper=lambda m: m.bind(AskFor, answering))


async def test_a_plain_method_that_returns_a_coroutine_will_do() -> None:
    class Delegating(Good):
        def handle(self, request: Ask) -> Coroutine[Any, Any, Answer]:
            return super().handle(request)

    assert await bootstrap(commands_mapper=lambda m: m.bind(Ask, Delegating)).send(Ask()) == Answer()


def test_an_event_handler_of_another_event_is_found_at_start() -> None:
    class Unrelated(cqrs.DomainEvent):
        pass

    with pytest.raises(WiringError, match=r"OnHappened bound to .*Unrelated: it handles Happened"):
        bootstrap(domain_events_mapper=lambda m: m.bind(Unrelated, OnHappened))


def test_two_handlers_for_one_request_are_found_at_start() -> None:
    def twice(request_map: cqrs.RequestMap) -> None:
        request_map.bind(Ask, Good)
        request_map.bind(Ask, Stream)

    with pytest.raises(
        WiringError, match=r"Ask: it is bound to Good and to Stream\. Keep one handler for each request"
    ):
        bootstrap(commands_mapper=twice)


def test_commands_and_queries_share_one_map() -> None:
    with pytest.raises(WiringError, match="Ask: it is bound to Good and to WrongAnswer"):
        bootstrap(
            commands_mapper=lambda m: m.bind(Ask, Good),
            queries_mapper=lambda m: m.bind(Ask, WrongAnswer),
        )


async def test_binding_the_same_again_changes_nothing() -> None:
    handled: list[Happened] = []

    async def on_happened(event: Happened) -> None:
        handled.append(event)

    def bind_twice(event_map: cqrs.EventMap) -> None:
        event_map.bind(Happened, on_happened)
        event_map.bind(Happened, on_happened)

    bootstrap(commands_mapper=lambda m: m.bind(Ask, Good), queries_mapper=lambda m: m.bind(Ask, Good))
    await event_bootstrap.bootstrap(events_mapper=bind_twice).send(Happened())
    assert len(handled) == 1


def test_all_mistakes_are_reported_at_once_each_with_what_to_change() -> None:
    def commands(request_map: cqrs.RequestMap) -> None:
        request_map.bind(Ask, [Link, Good, LinkForOther])
        request_map.bind(Other, NeedsPort)
        request_map.bind(Answer, ForOther)

    def events(event_map: cqrs.EventMap) -> None:
        event_map.bind(Happened, SyncOnHappened)
        event_map.bind(Happened, OnHappenedNeedsPort)

    with pytest.raises(WiringError) as caught:
        bootstrap(commands_mapper=commands, domain_events_mapper=events)
    problems = caught.value.problems
    assert [p.subject for p in problems] == [
        "Good bound to Ask",
        "LinkForOther bound to Ask",
        "NeedsPort bound to Other",
        "ForOther bound to Answer",
        "SyncOnHappened bound to Happened",
        "OnHappenedNeedsPort → Port",
    ]
    assert all(p.remedy for p in problems)
    assert str(caught.value).startswith("6 wiring problems:\n  1. Good bound to Ask")


class AsyncHooks(cqrs.Hooks):
    async def event_unhandled(self, event: Any) -> None:  # type: ignore[override]
        raise AssertionError


def not_async_middleware(request: Any, handle: Any) -> Any:
    return handle(request)


def test_middlewares_and_hooks_that_cannot_work_are_found_at_start() -> None:
    with pytest.raises(WiringError) as caught:
        bootstrap(middlewares=[LoggingMiddleware, not_async_middleware], hooks=AsyncHooks())  # type: ignore[list-item]
    assert [str(p) for p in caught.value.problems] == [
        "the middleware LoggingMiddleware: it is a class. Pass an instance of it.",
        "the middleware not_async_middleware: it is not async. Declare it `async def (request, handle)`.",
        "the hook AsyncHooks.event_unhandled: it is async, and hooks are only called. Declare it with `def`.",
    ]


def test_parts_of_the_wrong_kind_are_found_before_anything_is_called() -> None:
    with pytest.raises(WiringError) as caught:
        bootstrap(
            message_broker=MemoryMessageBroker,  # type: ignore[arg-type]
            middlewares=LoggingMiddleware(),  # type: ignore[arg-type]
            commands_mapper={Ask: Good},  # type: ignore[arg-type]
            on_startup=["start"],  # type: ignore[list-item]
            queries_mapper=lambda _: pytest.fail("it was called"),
        )
    assert [p.problem for p in caught.value.problems] == [
        "it cannot be called",
        "it cannot be called",
        "it is a class",
        "it is no list",
    ]


def test_a_handler_that_needs_its_mediator_is_refused_with_the_remedy() -> None:
    class Sender(Good):
        def __init__(self, mediator: cqrs.RequestMediator) -> None: ...

    with pytest.raises(WiringError, match=r"Bind a function that returns yours: container.bind\(RequestMediator"):
        bootstrap(commands_mapper=lambda m: m.bind(Ask, Sender))


def test_an_object_that_is_no_container_is_refused() -> None:
    with pytest.raises(WiringError, match=r"no method resolve\(type\)"):
        bootstrap(di_container=object())


def test_direct_construction_reports_the_same_mistakes() -> None:
    request_map = cqrs.RequestMap()
    request_map.bind(Ask, ForOther)
    with pytest.raises(WiringError, match="it answers Other"):
        cqrs.RequestMediator(request_map)


def test_start_up_functions_run_first_and_in_order() -> None:
    calls: list[str] = []
    bootstrap(
        on_startup=[lambda: calls.append("one"), lambda: calls.append("two")],
        commands_mapper=lambda _: calls.append("commands"),
        queries_mapper=lambda _: calls.append("queries"),
        domain_events_mapper=lambda _: calls.append("events"),
    )
    assert calls == ["one", "two", "commands", "queries", "events"]


@dataclasses.dataclass
class Page(cqrs.DCRequest[T], Generic[T]):
    number: int = 1


async def first_page(request: Page[int]) -> int:
    return request.number


async def test_a_generic_request_that_is_no_model_is_bound_by_its_class() -> None:
    wired = bootstrap(queries_mapper=lambda m: m.bind(Page[int], first_page))
    assert await wired.send(Page[int]()) == 1


def test_a_binding_is_read_once_so_that_a_function_becomes_one_class() -> None:
    request_map = cqrs.RequestMap()
    request_map.bind(Page, first_page)
    assert request_map.binding(Page) is request_map.binding(Page)
