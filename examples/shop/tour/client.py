"""The shop, seen from the other end of the wire."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from examples.shop.tour.report import Report


class ShopClient:
    """Calls the shop over HTTP, and reports each call. Answers are plain JSON: the client shares no class with it."""

    def __init__(self, http: httpx.AsyncClient, report: Report) -> None:
        self._http = http
        self._report = report

    async def get(self, path: str) -> Any:
        """What the shop knows, without a word in the report: for checking facts."""
        return (await self._http.get(path)).raise_for_status().json()

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask for something: the status, and the answer."""
        self._report.request(f"{method} {path}", body)
        response = await self._http.request(method, path, json=body)
        told = "json" in response.headers.get("Content-Type", "")
        answer = response.json() if told else {"text": response.text}
        self._report.answer(response.status_code, response.reason_phrase, answer)
        return response.status_code, answer

    async def place(self, customer: str, **quantities: int) -> tuple[int, Any]:
        """Place an order for so many of these products."""
        items = [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]
        return await self.call("POST", "/orders", {"customer": customer, "items": items})

    async def pay(self, order_id: int, method: str) -> tuple[int, Any]:
        """Pay an order."""
        return await self.call("POST", f"/orders/{order_id}/payment", {"method": method})

    async def stock(self) -> dict[str, int]:
        """How much is left of each product."""
        return {article["sku"]: article["stock"] for article in (await self.get("/catalogue"))["articles"]}

    async def count(self) -> int:
        """How many orders are on the list."""
        listed: int = (await self.get("/orders?limit=0"))["count"]
        return listed

    async def calls_of_the_terminal(self) -> int:
        """How often the card terminal was called."""
        calls: int = (await self.get("/card-terminal"))["calls"]
        return calls

    async def upload(self, path: str, name: str, content: bytes) -> AsyncIterator[Any]:
        """Upload a file, and give out what the server tells meanwhile."""
        async with self._http.stream("POST", path, files={"file": (name, content, "text/csv")}) as response:
            response.raise_for_status()
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))
