"""What the containers and the request scopes of this package do at the end of an ``async with`` block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class ClosedAtExit:
    """A container that is closed when the block ends."""

    async def aclose(self) -> None:
        """Close what was made and lasts longer than a request."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class EndedAtExit:
    """A request scope that ends with the block, and passes the error that ends it to what it has opened."""

    opened: Any = None
    ended = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.ended = True
        if self.opened is not None:
            await self.opened.__aexit__(kind, error, traceback)
