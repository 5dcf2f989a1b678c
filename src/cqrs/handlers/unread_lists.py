"""Step 3, events that a handler has put into a list of its own which nobody reads: without a word they would be lost.

The code of a handler class tells which lists these are: attributes with `event` in their name that get a new list, and
that the class only ever adds to. So a list that was given to the handler is none, nor is one that the class reads.
"""

from __future__ import annotations

import dis
import inspect
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from cqrs._messages.message import IEvent
from cqrs.errors.events import EventsKeptElsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import CodeType

_ADDING = {"append", "extend", "insert", "clear"}
_CONSTRUCTORS = {"__init__", "__post_init__"}
_MADE = "<string>"
_lists: WeakKeyDictionary[type, tuple[str, ...]] = WeakKeyDictionary()


def unread_lists(handler_type: type) -> tuple[str, ...]:
    """The names of the lists of a handler class that nobody reads."""
    found = _lists.get(handler_type)
    if found is None:
        found = _lists[handler_type] = _unread_lists(handler_type)
    return found


def lengths(handler: Any) -> dict[str, int]:
    """How much is in these lists, of a handler that has served others before."""
    kind: Any = handler.__class__
    return {name: len(_list(handler, name)) for name in unread_lists(kind)}


def must_be_read(handler: Any, before: dict[str, int], recorded: Sequence[Any], message: object) -> None:
    """Raise ``EventsKeptElsewhere`` if ``handler`` has put an event into such a list.

    The ``message`` that it handles is none of its own, and what it has ``recorded``, too, is not lost.
    """
    for name, length in before.items():
        new = _list(handler, name)[length:]
        if any(isinstance(e, IEvent) and e is not message and not any(e is r for r in recorded) for e in new):
            raise EventsKeptElsewhere(handler.__class__, name)


def _list(handler: Any, name: str) -> list[Any]:
    kept: Any = getattr(handler, name, None)
    return kept if issubclass(kept.__class__, list) else []


def _unread_lists(handler_type: type) -> tuple[str, ...]:
    fields: Any = getattr(handler_type, "__dataclass_fields__", {})
    new = {name for name, field in fields.items() if field.default_factory is list and "event" in name.lower()}
    read = {"events"}  # by the engine
    for code in _codes(handler_type):
        _look_through(code, new, read)
    return tuple(sorted(new - read))


def _codes(handler_type: type) -> Iterator[CodeType]:
    for cls in handler_type.__mro__:
        for name, value in vars(cls).items():
            if name.startswith("__") and (name not in _CONSTRUCTORS or _is_made(cls, value)):
                continue  # such as the __repr__ of a dataclass
            for part in (value.fget, value.fset) if isinstance(value, property) else (value,):
                inner = getattr(part, "func", getattr(part, "__func__", part))  # of a cached property, a static method
                function = inspect.unwrap(inner) if callable(inner) else None
                if inspect.isfunction(function):
                    yield from _with_inner(function.__code__)


def _is_made(cls: type, function: Any) -> bool:
    """Whether ``dataclass`` has written it."""
    return "__dataclass_fields__" in vars(cls) and getattr(function, "__code__", _codes.__code__).co_filename == _MADE


def _with_inner(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield from _with_inner(constant)


def _look_through(code: CodeType, new: set[str], read: set[str]) -> None:
    if not any("event" in name.lower() for name in code.co_names):
        return
    steps = list(dis.get_instructions(code))
    lines: dict[int | None, list[dis.Instruction]] = {}
    for step in steps:
        lines.setdefault(_line(step), []).append(step)
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        around = lines[_line(step)]
        if step.opname == "STORE_ATTR" and "event" in step.argval.lower():
            if not _makes_a_list(around):
                read.add(step.argval)  # it is given, or may be
            elif not _has(around, "LOAD_ATTR", step.argval):
                new.add(step.argval)
        elif step.opname == "LOAD_ATTR" and not _has(around, "STORE_ATTR", step.argval):  # or it stays where it is
            adds = after is not None and after.opname in {"LOAD_METHOD", "LOAD_ATTR"} and after.argval in _ADDING
            read.update(() if adds else (step.argval,))


def _makes_a_list(steps: list[dis.Instruction]) -> bool:
    return not any("JUMP" in step.opname for step in steps) and (
        any(step.opname == "BUILD_LIST" for step in steps) or _has(steps, "LOAD_GLOBAL", "list")
    )


def _has(steps: list[dis.Instruction], operation: str, name: str) -> bool:
    return any(step.opname == operation and step.argval == name for step in steps)


def _line(step: dis.Instruction) -> int | None:
    return step.positions.lineno if step.positions else None
