"""The recipes of the pages, served by uvicorn: each makes one mediator, and does not start if it cannot work."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from tests.integration.fastapi.process import served

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

APP = "tests.integration.fastapi.recipes:app"
ORDERS = ("POST", "/orders", "PlaceOrder, PlaceOrderHandler")
RECIPES = [
    ("fastapi.md#Errors as statuses", "PUT", "/meetings/7/ada", "JoinMeeting, join_meeting"),
    *((f"fastapi-with-{name}.md#Try it", *ORDERS) for name in ("di", "dishka")),
]
"""The other two pages differ from that with di in the container only."""


def environment(page: str, tmp_path: Path, mistake: str = " | ") -> dict[str, str]:
    return {**os.environ, "PAGE": page, "MISTAKE": mistake, "DATABASE": f"sqlite+aiosqlite:///{tmp_path}/shop.db"}


@pytest.mark.parametrize(("page", "method", "path", "bound"), RECIPES)
async def test_first_requests_at_once_get_one_mediator(
    page: str, method: str, path: str, bound: str, tmp_path: Path
) -> None:
    async with served(APP, env=environment(page, tmp_path)) as server:
        requests = [server.client.request(method, path, json={"sku": "mug"}) for _ in range(2)]
        requests += [server.client.get("/mediators") for _ in range(10)]
        answers = await asyncio.gather(*requests)
        assert [answer.status_code // 100 for answer in answers] == [2] * 12, bound
        assert (await server.client.get("/mediators")).json() == 1


@pytest.mark.parametrize(("page", "method", "path", "bound"), RECIPES)
async def test_a_wiring_mistake_stops_the_start(page: str, method: str, path: str, bound: str, tmp_path: Path) -> None:
    mistake = f"m.bind({bound})|m.bind({bound.split(', ', maxsplit=1)[0]}, open)"
    with pytest.raises(AssertionError, match="open: it is not an async function") as refused:
        async with served(APP, env=environment(page, tmp_path, mistake)):
            pass
    assert "Application startup failed. Exiting." in str(refused.value), (method, path)
