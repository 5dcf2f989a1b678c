"""Plain functions bound where a class can be."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import pytest

import cqrs
from cqrs.errors import WiringError
from cqrs.requests.bootstrap import bootstrap, bootstrap_streaming

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from decimal import Decimal


@dataclasses.dataclass
class Ask:
    number: int


class Answer(cqrs.Response):
    number: int


class TypedAsk(cqrs.Request[Answer]):
    number: int


class Table:
    def __init__(self) -> None:
        self.rows = {1: "one", 2: "two"}


class Asked(cqrs.DomainEvent):
    number: int


async def look_up(ask: Ask, table: Table, events: cqrs.EventRecorder, prefix: str = "number") -> str:
    events.record(Asked(number=ask.number))
    return f"{prefix} {table.rows[ask.number]}"


class Service:
    async def method(self, ask: Ask) -> int:
        return ask.number + 1

    async def __call__(self, ask: Ask) -> int:
        return ask.number + 2


def mediator(function: Any) -> cqrs.RequestMediator:
    return bootstrap(queries_mapper=lambda m: m.bind(Ask, function))


async def test_parameters_are_injected_and_defaults_are_kept() -> None:
    seen: list[int] = []

    async def on_asked(event: Asked) -> None:
        seen.append(event.number)

    wired = bootstrap(
        queries_mapper=lambda m: m.bind(Ask, look_up), domain_events_mapper=lambda m: m.bind(Asked, on_asked)
    )
    assert await wired.send(Ask(2)) == "number two"
    assert seen == [2]


async def test_a_default_gives_way_to_what_was_bound() -> None:
    container = cqrs.Resolver()
    container.bind_instance(str, "no.")
    wired = bootstrap(container, queries_mapper=lambda m: m.bind(Ask, look_up))
    assert await wired.send(Ask(1)) == "no. one"


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        (Service().method, 8),
        (Service(), 9),
        (functools.partial(look_up, prefix="row"), KeyError),
        (functools.partial(Service().method), 8),
    ],
    ids=["method", "callable", "partial", "partial method"],
)
async def test_anything_async_that_takes_the_request_can_be_bound(function: Any, answer: Any) -> None:
    if answer is KeyError:
        with pytest.raises(KeyError):
            await mediator(function).send(Ask(7))
        assert await mediator(function).send(Ask(1)) == "row one"
    else:
        assert await mediator(function).send(Ask(7)) == answer


async def test_a_wrapped_function_counts_as_what_it_wraps() -> None:
    def traced(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return wrapper

    assert await mediator(traced(look_up)).send(Ask(1)) == "number one"


async def test_an_async_generator_streams() -> None:
    async def count(ask: TypedAsk, table: Table) -> AsyncIterator[Answer]:
        for number in range(ask.number):
            assert number + 1 in table.rows
            yield Answer(number=number)

    wired = bootstrap_streaming(commands_mapper=lambda m: m.bind(TypedAsk, count))
    assert [a.number async for a in wired.stream(TypedAsk(number=2))] == [0, 1]


async def test_annotations_of_message_and_answer_need_not_be_readable() -> None:
    class Local(cqrs.Response):
        pass

    async def local(ask: Unimported, table: Table) -> Local:  # type: ignore[name-defined]  # noqa: F821
        assert table.rows
        return Local()

    assert isinstance(await mediator(local).send(Ask(1)), Local)


async def test_arguments_given_by_a_partial_are_not_injected() -> None:
    async def rows(ask: Ask, table: Table) -> int:
        return len(table.rows)

    empty = Table()
    empty.rows = {}
    container = cqrs.Resolver()
    container.bind(Table)
    wired = bootstrap(container, queries_mapper=lambda m: m.bind(Ask, functools.partial(rows, table=empty)))
    assert await wired.send(Ask(1)) == 0


async def test_a_recorder_may_be_optional() -> None:
    seen: list[int] = []

    async def perhaps_recording(ask: Ask, events: cqrs.EventRecorder | None = None) -> None:
        if events is not None:
            events.record(Asked(number=ask.number))

    async def on_asked(event: Asked) -> None:
        seen.append(event.number)

    wired = bootstrap(
        queries_mapper=lambda m: m.bind(Ask, perhaps_recording),
        domain_events_mapper=lambda m: m.bind(Asked, on_asked),
    )
    await wired.send(Ask(3))
    assert seen == [3]


async def test_next_is_a_name_like_any_other_where_there_is_no_chain() -> None:
    async def with_table(ask: Ask, next: Table) -> str:  # noqa: A002  # the name is what is tested
        return next.rows[ask.number]

    assert await mediator(with_table).send(Ask(1)) == "one"


def not_async(ask: Ask) -> None: ...


async def passes_on(ask: Ask, next): ...  # type: ignore[no-untyped-def]  # noqa: A002, ANN001, ANN201


async def by_position(ask: Ask, table: Table, /) -> None: ...


async def by_name(*, ask: Ask) -> None: ...


async def for_one_of_two(ask: TypedAsk | Answer) -> None: ...


async def takes_nothing() -> None: ...


async def unannotated(ask: Ask, what) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001


async def unreadable(ask: Ask, price: Decimal) -> None: ...


async def wrong_request(ask: TypedAsk) -> None: ...


async def wrong_answer(ask: TypedAsk) -> Ask: ...  # type: ignore[empty-body]


@pytest.mark.parametrize(
    ("request_type", "function", "problem"),
    [
        (Ask, not_async, "not an async function"),
        (Ask, takes_nothing, "takes no message"),
        (Ask, by_name, "takes no message"),
        (Ask, by_position, "table is positional-only .*Move the `/`"),
        (Ask, passes_on, "takes `next` and is in no chain. Bind it in a list"),
        (Ask, for_one_of_two, r"it answers .*TypedAsk \| .*Answer"),
        (Ask | Answer, look_up, r"Ask \| .*Answer: it is not a class. Bind each class on its own"),
        ("Ask", look_up, "'Ask': it is not a class"),
        (Ask, unannotated, "what has no annotation to inject by"),
        (Ask, unreadable, "annotation of price cannot be read .*TYPE_CHECKING"),
        (Ask, wrong_request, "it answers TypedAsk"),
        (TypedAsk, wrong_answer, "it answers with Ask, the request declares Answer"),
        (Ask, 3, "not an async function"),
    ],
)
def test_a_function_that_cannot_work_is_found_at_start(request_type: type, function: Any, problem: str) -> None:
    with pytest.raises(WiringError, match=problem):
        bootstrap(commands_mapper=lambda m: m.bind(request_type, function))
