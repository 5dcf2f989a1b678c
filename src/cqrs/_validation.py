"""Checks what was bound, completely and before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqrs.errors.wiring import WiringError

if TYPE_CHECKING:
    from cqrs.container.adopt import Injector
    from cqrs.events.event_emitter import EventEmitter
    from cqrs.middlewares.base import MiddlewareChain
    from cqrs.requests.map import RequestMap


def validate(
    injector: Injector, emitter: EventEmitter, chain: MiddlewareChain, request_map: RequestMap | None = None
) -> None:
    """Raise ``WiringError`` with every problem of the bindings, and of what their handlers depend on."""
    maps = [m for m in (request_map, emitter.event_map) if m is not None]
    problems = [problem for part in (*maps, chain, emitter.hooks) for problem in part.problems()]
    handlers = sorted((h for m in maps for h in m.handlers()), key=lambda h: h.__qualname__)
    problems += injector.check(handlers)
    if problems:
        raise WiringError(problems)
