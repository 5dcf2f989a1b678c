"""Makes all tables: `python -m tests.faults.crashes.migrating URL FOLDER`."""

from __future__ import annotations

import asyncio
import sys

from sqlalchemy.ext.asyncio import create_async_engine

from cqrs import migrations
from cqrs.testing import faults


async def main(url: str) -> None:
    engine = create_async_engine(url)
    await migrations.upgrade(engine)
    await engine.dispose()


if __name__ == "__main__":
    faults.install()
    asyncio.run(main(sys.argv[1]))
