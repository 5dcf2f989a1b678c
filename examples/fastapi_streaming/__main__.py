"""Serves the application and reads its streams over a real socket."""

import asyncio
import json
import socket
from typing import Any

import httpx
import uvicorn

from examples.fastapi_streaming.app import app
from examples.fastapi_streaming.files import LOG


async def read(client: httpx.AsyncClient, *files: str, leave_after: str | None = None) -> None:
    """Print the events as they arrive; end the connection after one of the type ``leave_after``."""
    async with client.stream("POST", "/process-files", json={"file_ids": files}) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                event = json.loads(line.removeprefix("data: "))
                print(" ", describe(event))
                if event["type"] == leave_after:
                    return


def describe(event: dict[str, Any]) -> str:
    """One event for people."""
    match event["type"]:
        case "start":
            return f"start: {event['message']}"
        case "progress":
            return f"progress: {event['data']['file_id']} {event['data']['status']}"
        case other:
            return str(other)


async def main() -> None:
    """Serve, read, stop."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        serving = asyncio.create_task(server.serve([listening]))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
            print("POST /process-files")
            await read(client, "a.txt", "b.txt")
            LOG.clear()
            print("POST /process-files, and away while the film is processed, which takes an hour")
            await read(client, "a.txt", "film.mkv", leave_after="progress")
        server.should_exit = True
        await serving  # it ends when nothing is left to do
    print("What the service saw of it")
    for line in LOG:
        print(" ", line)


if __name__ == "__main__":
    asyncio.run(main())
