"""What `sse` sends, over a real socket."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import attrs
import fastapi
import msgspec
import pydantic
import pytest

import cqrs
from cqrs.integrations.fastapi import EventStream, Problem, install_error_handlers, sse
from tests.integration.fastapi.apps import by_hand, by_helper
from tests.integration.fastapi.events import events_of, read_events
from tests.integration.fastapi.imports import Import, ProcessFilesCommand
from tests.integration.fastapi.live import Live, serve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    import httpx


async def told(app: fastapi.FastAPI, path: str = "/process-files", files: tuple[str, ...] = ()) -> httpx.Response:
    async with serve(app) as live:
        return await live.client.post(path, json={"file_ids": files})


@asynccontextmanager
async def telling(chunks: Callable[[], AsyncIterator[Any]], **options: Any) -> AsyncGenerator[Live, None]:
    """An application whose `/` streams `chunks`."""
    app = fastapi.FastAPI()
    install_error_handlers(app, {TimeoutError: Problem(504, "The bank is slow"), KeyError: 404})

    @app.post("/")
    async def tell() -> EventStream:
        return sse(chunks(), **options)

    async with serve(app) as live:
        yield live


async def data_of(chunks: Callable[[], AsyncIterator[Any]], **options: Any) -> list[Any]:
    async with telling(chunks, **options) as live:
        return [event.data for event in await events_of((await live.client.post("/")).text)]


@pytest.mark.parametrize("files", [("a", "b"), ()])
async def test_helper_equals_the_long_form(files: tuple[str, ...]) -> None:
    by_helper_told = await events_of((await told(by_helper(Import()), files=files)).text)
    by_hand_told = await events_of((await told(by_hand(Import()), files=files)).text)
    assert [event.data for event in by_helper_told] == [event.data for event in by_hand_told]
    assert by_helper_told[0].data == {"type": "start", "message": "Processing..."}
    assert [event.name for event in by_helper_told] == ["start", *("progress" for _ in files), "complete"]
    assert {event.name for event in by_hand_told} == {"message"}


async def test_proxies_are_asked_not_to_hold_events_back() -> None:
    response = await told(by_helper(Import()), files=("a",))
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache, no-transform"
    assert response.headers["x-accel-buffering"] == "no"


async def test_headers_and_message_are_the_callers() -> None:
    run = Import()
    response = await told(by_helper(run, message="Importing", headers={"X-Run": "7"}))
    assert response.headers["x-run"] == "7"
    assert (await events_of(response.text))[0].data == {"type": "start", "message": "Importing"}


async def test_complete_is_sent_when_events_are_handled_and_the_scope_is_closed() -> None:
    run = Import()
    async with serve(by_helper(run)) as live, live.post("/process-files", {"file_ids": ["a"]}) as (reader, _):
        await reader.readuntil(b"event: complete")
        assert run.log == ["session opened", "process a", "event a", "session closing", "session closed"]


async def test_chunk_arrives_while_the_next_one_is_made() -> None:
    go_on = asyncio.Event()

    async def chunks() -> AsyncIterator[int]:
        yield 1
        await go_on.wait()
        yield 2

    async with telling(chunks) as live, live.client.stream("POST", "/") as response:
        events = read_events(response.aiter_lines())
        assert [(await anext(events)).name, (await anext(events)).data] == ["start", {"type": "progress", "data": 1}]
        go_on.set()
        assert (await anext(events)).data == {"type": "progress", "data": 2}


async def test_comment_keeps_the_connection_alive_while_a_chunk_takes_long() -> None:
    go_on = asyncio.Event()

    async def chunks() -> AsyncIterator[int]:
        await go_on.wait()
        yield 1

    async with telling(chunks, keep_alive=0.01) as live, live.client.stream("POST", "/") as response:
        lines = response.aiter_lines()
        assert [await anext(lines) for _ in range(5)] == [
            *("event: start", 'data: {"type":"start","message":"Processing..."}', ""),
            *(": keep-alive", ""),
        ]
        go_on.set()
        assert [event.name async for event in read_events(lines)] == ["progress", "complete"]


async def test_without_keep_alive_the_response_begins_with_the_first_chunk() -> None:
    async def chunks() -> AsyncIterator[int]:
        await asyncio.sleep(0.05)
        yield 1

    assert [event["type"] for event in await data_of(chunks, keep_alive=None)] == ["start", "progress", "complete"]


async def test_data_may_have_several_lines() -> None:
    async def chunks() -> AsyncIterator[str]:
        yield "<li>\none\r\ntwo\rthree</li>"

    async with telling(chunks, encode=lambda event: event.get("data", event["type"])) as live:
        response = await live.client.post("/")
    (_, progress, _) = await events_of(response.text)
    assert progress.text == "<li>\none\ntwo\nthree</li>"


class Pydantic(cqrs.Response):
    at: datetime.date = datetime.date(2026, 1, 2)
    label: str = pydantic.Field(default="ü", serialization_alias="theLabel")


@dataclasses.dataclass
class Dataclass(cqrs.DCResponse):
    part: Pydantic = dataclasses.field(default_factory=Pydantic)


@attrs.frozen
class Attrs:
    part: Dataclass = attrs.field(factory=Dataclass)


class Struct(msgspec.Struct):
    part: Attrs = msgspec.field(default_factory=Attrs)


class Own(cqrs.IResponse):
    def to_dict(self) -> dict[str, Any]:
        return {"own": True}

    @classmethod
    def from_dict(cls, **kwargs: Any) -> Own:
        raise NotImplementedError


async def test_chunk_may_be_of_any_message_class() -> None:
    async def chunks() -> AsyncIterator[Any]:
        for chunk in (Pydantic(), Dataclass(), Attrs(), Struct(), Own(), {"at": datetime.date.min}, float("nan"), None):
            yield chunk

    pydantic_data = {"at": "2026-01-02", "theLabel": "ü"}
    assert [event["data"] for event in (await data_of(chunks))[1:-1]] == [
        pydantic_data,
        {"part": pydantic_data},
        {"part": {"part": pydantic_data}},
        {"part": {"part": {"part": pydantic_data}}},
        {"own": True},
        {"at": "0001-01-01"},
        None,
        None,
    ]


async def test_error_before_the_first_chunk_becomes_the_status() -> None:
    async def chunks() -> AsyncIterator[int]:
        await asyncio.sleep(0)
        raise TimeoutError("bank at 10.0.0.7 did not answer")
        yield 1

    async with telling(chunks) as live:
        response = await live.client.post("/")
    assert response.status_code == 504
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {"type": "about:blank", "title": "The bank is slow", "status": 504}


async def test_unexpected_error_before_the_first_chunk_is_an_internal_server_error() -> None:
    run = Import()
    response = await told(by_helper(run), files=("fail",))
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    assert run.log == ["session opened", "process fail", "session closing", "session closed"]


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (TimeoutError("secret"), {"type": "about:blank", "title": "The bank is slow", "status": 504}),
        (KeyError("secret"), {"type": "about:blank", "title": "Not Found", "status": 404}),
        (
            fastapi.HTTPException(409, "Sold out"),
            {"type": "about:blank", "title": "Conflict", "status": 409, "detail": "Sold out"},
        ),
        (
            cqrs.errors.CircuitOpenError("secret", 3),
            {"type": "about:blank", "title": "Service Unavailable", "status": 503},
        ),
        (RuntimeError("secret"), {"type": "about:blank", "title": "Internal Server Error", "status": 500}),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_later_error_is_sent_by_the_same_table(error: Exception, problem: dict[str, Any]) -> None:
    async def chunks() -> AsyncIterator[int]:
        yield 1
        raise error

    assert (await data_of(chunks))[1:] == [{"type": "progress", "data": 1}, {"type": "error", "problem": problem}]


async def test_later_error_closes_the_scope_before_it_is_sent_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    run = Import()
    async with serve(by_helper(run)) as live, live.post("/process-files", {"file_ids": ["a", "fail"]}) as (reader, _):
        await reader.readuntil(b"event: error")
        assert run.log[-1] == "session closed"
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == "OSError was answered with status 500"
    assert record.exc_info is not None


async def test_chunk_that_cannot_be_written_is_an_error() -> None:
    closed = asyncio.Event()

    async def chunks() -> AsyncIterator[Any]:
        try:
            yield 1
            yield object()
        finally:
            closed.set()

    assert [event["type"] for event in await data_of(chunks)] == ["start", "progress", "error"]
    assert closed.is_set()


async def test_problem_without_a_text_is_an_internal_server_error() -> None:
    app = fastapi.FastAPI()
    install_error_handlers(app, {OSError: lambda _: Problem(409, members={"cause": object()})})
    run = Import()

    @app.post("/process-files")
    async def process_files(command: ProcessFilesCommand) -> EventStream:
        return sse(run.mediator.stream(command))

    response = await told(app, files=("a", "fail"))
    assert (await events_of(response.text))[-1].data["problem"]["status"] == 500


async def test_background_tasks_run_after_the_last_event() -> None:
    done = asyncio.Event()
    app = fastapi.FastAPI()

    async def chunks() -> AsyncIterator[int]:
        yield 1

    @app.post("/")
    async def tell(tasks: fastapi.BackgroundTasks) -> EventStream:
        tasks.add_task(done.set)
        return sse(chunks())

    await told(app, "/")
    await done.wait()


async def test_middleware_that_wraps_responses_changes_nothing() -> None:
    run = Import()
    app = by_helper(run)

    @app.middleware("http")
    async def passing(request: fastapi.Request, call_next: Any) -> Any:
        return await call_next(request)

    response = await told(app, files=("a",))
    assert [event.name for event in await events_of(response.text)] == ["start", "progress", "complete"]


async def test_handler_runs_in_one_task_so_that_its_timeouts_hold() -> None:
    tasks = set[Any]()

    async def chunks() -> AsyncIterator[int]:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            for number in range(3):
                tasks.add(asyncio.current_task())
                yield await group.create_task(asyncio.sleep(0.02, number))

    data = await data_of(chunks, keep_alive=0.005)
    assert [event["data"] for event in data if event["type"] == "progress"] == [0, 1, 2]
    assert len(tasks) == 1
