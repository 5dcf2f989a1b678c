"""A client that goes away in the middle of a stream, over a real socket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.helpers.waiting import until
from tests.integration.fastapi.apps import by_hand, by_helper
from tests.integration.fastapi.imports import Import
from tests.integration.fastapi.live import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

CLOSED = ["session closing", "session closed"]

BOTH = pytest.mark.parametrize("endpoint", [by_hand, by_helper])


@BOTH
async def test_disconnect_cancels_the_handler_closes_its_scope_and_leaves_no_task(
    endpoint: Callable[[Import], FastAPI],
) -> None:
    run = Import()
    async with serve(endpoint(run)) as live:
        await live.client.get("/")  # the server has started all it starts
        before = asyncio.all_tasks()
        async with live.post("/process-files", {"file_ids": ["a", "wait"]}) as (reader, _):
            await reader.readuntil(b'"file_id"')
            await until(lambda: "process wait" in run.log)
        await until(lambda: "session closed" in run.log)
        await until(lambda: asyncio.all_tasks() <= before)
    assert run.log == ["session opened", "process a", "event a", "process wait", "handler stopped", *CLOSED]


@BOTH
async def test_disconnect_while_the_client_is_too_slow_closes_handler_and_scope(
    endpoint: Callable[[Import], FastAPI],
) -> None:
    run = Import()
    async with serve(endpoint(run)) as live:
        await live.client.get("/")
        before = asyncio.all_tasks()
        async with live.post("/process-files", {"file_ids": ["large"] * 1000}) as (reader, writer):
            await reader.readuntil(b'"start"')
            writer.transport.pause_reading()
            await _standstill(run)
            writer.transport.abort()
        await until(lambda: "session closed" in run.log)
        await until(lambda: asyncio.all_tasks() <= before)
    assert run.log.count("process large") < 1000, "the handler ran ahead of the client"
    assert run.log[-3:] == ["handler stopped", *CLOSED]


async def test_disconnect_before_the_first_chunk_cancels_the_handler_too() -> None:
    run = Import()
    async with serve(by_helper(run)) as live:
        async with live.post("/process-files", {"file_ids": ["wait"]}):
            await until(lambda: "process wait" in run.log)
        await until(lambda: "session closed" in run.log)
    assert run.log == ["session opened", "process wait", "handler stopped", *CLOSED]


@BOTH
async def test_disconnect_does_not_cut_off_what_the_scope_is_closing(endpoint: Callable[[Import], FastAPI]) -> None:
    run = Import()
    run.may_close.clear()
    async with serve(endpoint(run)) as live:
        async with live.post("/process-files", {"file_ids": ["a"]}):
            await until(lambda: "session closing" in run.log)
        await asyncio.sleep(0.1)  # time to notice; the server has no signal for that
        run.may_close.set()
        await until(lambda: "session closed" in run.log)


async def _standstill(run: Import) -> None:
    """Returns when the buffers between server and client are full, so that the handler has to wait."""
    done = -1
    while done != len(run.log):
        done = len(run.log)
        await asyncio.sleep(0.2)
