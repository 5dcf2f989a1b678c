"""Serves the application and calls it over a real socket."""

import asyncio
import socket

import httpx
import uvicorn

from examples.fastapi_app.app import app


async def main() -> None:
    """Serve, call, stop."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        serving = asyncio.create_task(server.serve([listening]))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
            for method, path in [
                ("PUT", "/meetings/7/ada"),
                ("PUT", "/meetings/7/bob"),
                ("PUT", "/meetings/7/eve"),
                ("GET", "/meetings/7"),
                ("GET", "/meetings/8"),
            ]:
                response = await client.request(method, path)
                print(method, path, "->", response.status_code, response.text)
            response = await client.put("/meetings/0/ada")
            print(f"PUT /meetings/0/ada -> {response.status_code}, refused by FastAPI before any handler")
        server.should_exit = True
        await serving


if __name__ == "__main__":
    asyncio.run(main())
