"""Step 2: the default middleware logs what was handled, without its content."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from cqrs._arguments import Needed, check_given
from cqrs._introspection.callables import awaited

if TYPE_CHECKING:
    from cqrs.middlewares.base import Handle


_LOGGER = Needed("a logger, such as logging.getLogger('shop')", ("log", "isEnabledFor"))


class LoggingMiddleware:
    """Logs each turn and the time it took, at the level DEBUG of the logger ``cqrs``.

    Requests are named by their type; their content is logged only with ``payloads=True``. If the level is not enabled,
    nothing is formatted and no clock is read.
    """

    def __init__(self, logger: logging.Logger | None = None, *, payloads: bool = False) -> None:
        check_given("logger", logger, _LOGGER)
        self._logger = logger or logging.getLogger("cqrs")
        self._wanted = self._logger.isEnabledFor
        self._payloads = payloads

    @awaited
    def __call__(self, request: Any, handle: Handle) -> Any:
        """Await ``handle(request)``, log it, and return its result."""
        # Not async: this runs in every turn, and one more coroutine would double its cost.
        return self._logged(request, handle) if self._wanted(logging.DEBUG) else handle(request)

    async def _logged(self, request: Any, handle: Handle) -> Any:
        subject = repr(request) if self._payloads else type(request).__qualname__
        started = time.perf_counter()
        try:
            answer = await handle(request)
        except BaseException as error:
            self._log("%s failed with %s after %.3f ms", subject, type(error).__qualname__, _since(started))
            raise
        if self._payloads:
            self._log("%s answered with %r after %.3f ms", subject, answer, _since(started))
        else:
            self._log("%s handled in %.3f ms", subject, _since(started))
        return answer

    def _log(self, message: str, *arguments: object) -> None:
        self._logger.debug(message, *arguments)


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
