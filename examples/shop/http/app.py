"""The application. ``uvicorn --factory examples.shop.http.app:create_app`` serves it."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from cqrs.integrations.fastapi import install_error_handlers
from examples.shop.http import counter, orders
from examples.shop.http.problems import PROBLEMS
from examples.shop.wiring import open_shop


def create_app(database: Path | None = None) -> FastAPI:
    """The shop on the SQLite file ``database``, by default ``CQRS_SHOP_DB``, else ``shop.sqlite3``."""
    shop = open_shop(database or Path(os.environ.get("CQRS_SHOP_DB") or "shop.sqlite3"))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        async with shop.opened():
            yield

    app = FastAPI(title="The tea shop", lifespan=lifespan)
    app.state.shop = shop
    app.include_router(orders.router)
    app.include_router(counter.router)
    install_error_handlers(app, PROBLEMS)
    return app
