"""Step 3: finds events that a handler puts into a list of its own that is never read, so that they would be lost.

These lists are found by the code of the handler class: attributes with ``event`` in their name that are set to a new
list, and that the class only adds to. A list that is passed to the handler, or that the class reads, is not one.
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
_MADE_FILE = "<string>"
_lists: WeakKeyDictionary[type, tuple[str, ...]] = WeakKeyDictionary()


def unread_lists(handler_type: type) -> tuple[str, ...]:
    """Return the names of the lists of a handler class that are never read."""
    found = _lists.get(handler_type)
    if found is None:
        found = _lists[handler_type] = _unread_lists(handler_type)
    return found


def lengths(handler: Any) -> dict[str, int]:
    """Return the present lengths of these lists, which may hold events of earlier calls."""
    kind: Any = handler.__class__
    return {name: len(_list(handler, name)) for name in unread_lists(kind)}


def raise_if_unread(handler: Any, before: dict[str, int], recorded: Sequence[Any], message: object) -> None:
    """Raise ``EventsKeptElsewhere`` if ``handler`` has put an event into such a list that would be lost.

    The handled ``message`` itself does not count, nor do events that are also in ``recorded``.
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
    read = {"events"}  # the engine reads it
    for code in _codes(handler_type):
        _classify_lists(code, new, read)
    return tuple(sorted(new - read))


def _codes(handler_type: type) -> Iterator[CodeType]:
    for cls in handler_type.__mro__:
        for name, value in vars(cls).items():
            if name.startswith("__") and (name not in _CONSTRUCTORS or _is_generated(cls, value)):
                continue  # such as the __repr__ of a dataclass
            for part in (value.fget, value.fset) if isinstance(value, property) else (value,):
                inner = getattr(part, "func", getattr(part, "__func__", part))  # of a cached property, a static method
                function = inspect.unwrap(inner) if callable(inner) else None
                if inspect.isfunction(function):
                    yield from _with_inner(function.__code__)


def _is_generated(cls: type, function: Any) -> bool:
    """Whether ``dataclass`` has generated the function."""
    return (
        "__dataclass_fields__" in vars(cls) and getattr(function, "__code__", _codes.__code__).co_filename == _MADE_FILE
    )


def _with_inner(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield from _with_inner(constant)


def _classify_lists(code: CodeType, new: set[str], read: set[str]) -> None:
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
                read.add(step.argval)  # the list may come from elsewhere
            elif not _has(around, "LOAD_ATTR", step.argval):
                new.add(step.argval)
        elif step.opname == "LOAD_ATTR" and not _has(around, "STORE_ATTR", step.argval):  # such as `x.a = x.a + [e]`
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
