from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.seeds.stand_ins import watch

if TYPE_CHECKING:
    from tests.seeds.program import Run


def client_of(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://shop")


async def test_001_20_endpoint_sends_the_command(run: Run) -> None:
    program = await run("001_20_fastapi")
    async with client_of(program.app) as client:
        response = await client.put("/meetings/7/ada")
    assert (response.status_code, response.json()) == (200, {"result": "ok"})
    assert program.joined == [(7, "ada")]


async def test_001_20_path_that_pydantic_refuses_sends_nothing(run: Run) -> None:
    program = await run("001_20_fastapi")
    async with client_of(program.app) as client:
        response = await client.put("/meetings/0/ada")
    assert response.status_code == 422
    assert program.joined == []


@pytest.mark.parametrize("files", [["a", "b"], []])
async def test_001_22_progress_comes_as_server_sent_events(run: Run, files: list[str]) -> None:
    program = await run("001_22_sse")
    handled = watch(program.OnFileProcessed)
    async with client_of(program.app) as client:
        response = await client.post("/process-files", json={"file_ids": files})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    events = response.text.removesuffix("\n\n").split("\n\n")
    assert [json.loads(event.removeprefix("data: ")) for event in events] == [
        {"type": "start", "message": "Processing..."},
        *({"type": "progress", "data": {"file_id": file, "status": "completed"}} for file in files),
        {"type": "complete"},
    ]
    assert [event.file_id for event in handled] == files
