"""A consumer in a process of its own, which is killed in the middle of its work."""

from __future__ import annotations

import asyncio
import sys

_PROGRAM = """
import asyncio
{source}

async def main():
    await source.start()
    got = []
    while len(got) < {of}:
        got += await source.receive(limit={of} - len(got))
    for delivery in got[:{ack}]:
        await delivery.ack()
    await source.receive(timeout=0.2)  # what has been said has been sent
    print("received", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def killed_after_receiving(source: str, *, ack: int, of: int) -> None:
    """Run a consumer with the `source` that the code makes; kill it when `ack` of its `of` messages are done."""
    program = _PROGRAM.format(source=source, ack=ack, of=of)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            line = await process.stdout.readline()
        assert line == b"received\n", (await process.stderr.read()).decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
