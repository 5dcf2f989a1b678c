"""The middleware that makes every command one transaction."""

from collections.abc import Awaitable, Callable
from typing import Any

import cqrs
from examples.shop.commands import Command
from examples.shop.store.database import Database


class TransactionMiddleware:
    """Commits what a command and the reactions to its events wrote; undoes all of it if one of them fails."""

    async def __call__(self, request: Any, handle: Callable[[Any], Awaitable[Any]]) -> Any:
        """Answer ``request``, within a transaction if it is a command."""
        if not isinstance(request, Command):
            return await handle(request)
        # A database lives per request: this is the one that the handlers of this request are given.
        database = await cqrs.current_scope().resolve(Database)
        async with database.transaction():
            return await handle(request)
