"""Chains of responsibility, and handlers with a fallback."""

from __future__ import annotations

import logging

import cqrs
from benchmarks.shop import COMMAND, Answer, Failing, Handler, Last, PassingOn, PassingOnToo, Recording
from benchmarks.workload import Work, Workload
from benchmarks.workloads.send import direct, sending

_logger = logging.getLogger("benchmarks")


async def _linked(times: int) -> None:
    for _ in range(times):
        first, second, last = PassingOn(), PassingOnToo(), Last()
        first.set_next(second)
        second.set_next(last)
        await first.handle(COMMAND)


async def _tried(times: int) -> None:
    for _ in range(times):
        answer: Answer
        try:
            answer = await Failing().handle(COMMAND)
        except ConnectionError as error:
            _logger.warning("%s failed with %s", Failing.__qualname__, type(error).__qualname__)
            answer = await Handler().handle(COMMAND)
        del answer


WORKLOADS = (
    Workload(
        "chain",
        "three handlers of which the last answers; limit: linked and called by hand",
        ours=Work(sending([PassingOn, PassingOnToo, Last])),
        limit=Work(_linked),
        peer=Work("chain"),
    ),
    Workload(
        "fallback-idle",
        "a handler with a fallback that is not needed; limit: the handler called by hand",
        ours=Work(sending(cqrs.RequestHandlerFallback(Handler, Recording))),
        limit=Work(direct),
        peer=Work("fallback idle"),
    ),
    Workload(
        "fallback-used",
        "a handler that raises, the warning about it, and its fallback; limit: `try` by hand, with the same warning",
        ours=Work(sending(cqrs.RequestHandlerFallback(Failing, Handler))),
        limit=Work(_tried),
        peer=Work("fallback used"),
    ),
)
