"""The shop over HTTP: what its routes add to the handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from examples.shop.http.app import create_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(tmp_path / "shop.sqlite3")
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client,
    ):
        yield client


async def place(client: httpx.AsyncClient, sku: str, quantity: int) -> httpx.Response:
    order = {"customer": "Ada", "items": [{"sku": sku, "quantity": quantity}]}
    return await client.post("/orders", json=order)


async def upload(client: httpx.AsyncClient, content: bytes) -> httpx.Response:
    return await client.post("/orders/import", files={"file": ("orders.csv", content, "text/csv")})


async def test_an_unknown_order_is_a_problem_to_read(client: httpx.AsyncClient) -> None:
    response = await client.get("/orders/4711")
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "urn:tea-shop:unknown-order",
        "title": "Unknown order",
        "status": 404,
        "detail": "There is no order 4711.",
    }


@pytest.mark.parametrize(
    ("sku", "quantity", "status"), [("TEEPOT", 1, 404), ("GYOKURO", 6, 409), ("TEAPOT", 8, 409), ("MUG", 0, 422)]
)
async def test_each_kind_of_error_has_its_status(
    client: httpx.AsyncClient, sku: str, quantity: int, status: int
) -> None:
    assert (await place(client, sku, quantity)).status_code == status


async def test_a_declined_card_is_402(client: httpx.AsyncClient) -> None:
    await place(client, "TEAPOT", 5)
    assert (await client.post("/orders/1/payment", json={"method": "card"})).status_code == 402


async def test_a_number_that_no_database_can_hold_is_422(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"/orders/{2**64}")).status_code == 422


async def test_an_import_is_streamed_as_events(client: httpx.AsyncClient) -> None:
    response = await upload(client, "\ufeffcustomer,sku,quantity\nZoë,MUG,1\n".encode())
    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert '"order_id":1' in response.text
    assert (await client.get("/orders/1")).json()["customer"] == "Zoë"


@pytest.mark.parametrize("content", [b"", b"name,amount\nAda,1\n", b"customer,sku,quantity\n" + b"A" * 200_000])
async def test_an_unreadable_file_of_orders_is_answered_with_400_before_the_stream_begins(
    client: httpx.AsyncClient, content: bytes
) -> None:
    response = await upload(client, content)
    assert response.status_code == 400
    assert response.json()["title"] == "Unreadable file"
