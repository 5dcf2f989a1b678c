"""Sending a request through the default bootstrap."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from benchmarks.logs import logged
from benchmarks.shop import COMMAND, Answer, Command, Handler, Passing, function, passing
from benchmarks.workload import Target, Work, Workload
from cqrs.requests import bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.timing import Run

_MIDDLEWARES = 8
_logger = logging.getLogger("benchmarks")


def sending(bound: Any = Handler, **options: Any) -> Run:
    """Sends to what is ``bound``; ``options`` are those of the bootstrap."""
    mediator = bootstrap.bootstrap(commands_mapper=lambda m: m.bind(Command, bound), **options)

    async def run(times: int) -> None:
        for _ in range(times):
            await mediator.send(COMMAND)

    return run


async def direct(times: int) -> None:
    """What every send is compared with: a new handler, awaited."""
    for _ in range(times):
        await Handler().handle(COMMAND)


async def _function(times: int) -> None:
    for _ in range(times):
        await function(COMMAND)


class _Bus:
    """A mediator as one writes it in five minutes: no middlewares, no injection, no events."""

    def __init__(self) -> None:
        self._handlers: dict[type, Callable[[], Any]] = {}

    def register(self, request_type: type, handler: Callable[[], Any]) -> None:
        self._handlers[request_type] = handler

    async def send(self, request: Any) -> Any:
        return await self._handlers[type(request)]().handle(request)


_bus = _Bus()
_bus.register(Command, Handler)


async def _by_hand(times: int) -> None:
    for _ in range(times):
        await _bus.send(COMMAND)


async def _direct_and_logged(times: int) -> None:
    for _ in range(times):
        answer: Answer = await Handler().handle(COMMAND)
        _logger.debug("%s handled in %.3f ms", type(answer).__qualname__, 0.0)


WORKLOADS = (
    Workload(
        "send",
        "a request to a new handler; limit: the handler called by hand",
        ours=Work(sending()),
        limit=Work(direct),
        peer=Work("send"),
        targets=(Target("limit", 6), Target("peer", 6)),
    ),
    Workload(
        "bus",
        "the same; limit: a bus of fifteen lines, without middlewares, injection and events",
        ours=Work(sending()),
        limit=Work(_by_hand),
    ),
    Workload(
        "function",
        "a request to an `async def` function; limit: the function called by hand",
        ours=Work(sending(function)),
        limit=Work(_function),
    ),
    Workload(
        "middleware",
        f"what one middleware adds, of {_MIDDLEWARES}; limit: the handler called by hand once more",
        ours=Work(sending(middlewares=[passing] * _MIDDLEWARES), less=sending(), parts=_MIDDLEWARES),
        limit=Work(direct),
        peer=Work("send with 8 middlewares", less="send", parts=_MIDDLEWARES),
        targets=(Target("limit", 1),),
    ),
    Workload(
        "middleware-object",
        "the same, of middlewares that are objects with a method `__call__`",
        ours=Work(sending(middlewares=[Passing()] * _MIDDLEWARES), less=sending(), parts=_MIDDLEWARES),
        limit=Work(direct),
        targets=(Target("limit", 1),),
    ),
    Workload(
        "send-logged",
        "a request while level DEBUG is written; limit: the handler and one log record by hand",
        ours=Work(logged(sending())),
        limit=Work(logged(_direct_and_logged)),
        peer=Work("send, logged"),
    ),
)
