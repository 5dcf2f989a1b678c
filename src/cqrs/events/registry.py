"""The stable names of event types: what stands for a class on the wire and in a store."""

from __future__ import annotations

from typing import Any, NamedTuple

from cqrs._arguments import check_class, check_number, check_text
from cqrs.errors.events import EventNameConflict, UnknownEvent

_ATTRIBUTE = "__cqrs_event_name__"


class EventName(NamedTuple):
    """How an event type is called outside of the code."""

    name: str
    version: int


def declare(cls: type, name: EventName) -> None:
    """Let ``name`` be what ``cls`` is called in every registry that is not told otherwise."""
    setattr(cls, _ATTRIBUTE, name)


def declared_version(cls: type) -> int:
    """The version that ``cls``, or the nearest class that it derives from, declares with ``event_type``; else 1."""
    for base in cls.__mro__:
        declared: EventName | None = base.__dict__.get(_ATTRIBUTE)
        if declared is not None:
            return declared.version
    return 1


class EventRegistry:
    """Gives every event type a name and a version, and finds the type by them.

    The name is the one of ``event_type``, else the class's own name at version 1. It is not inherited.
    """

    def __init__(self) -> None:
        self._types: dict[EventName, type] = {}
        self._names: dict[type, EventName] = {}

    def __contains__(self, cls: type) -> bool:
        """Whether the type ``cls`` is entered, under whatever name."""
        return cls in self._names

    def register(self, cls: type, name: str | None = None, version: int | None = None) -> EventName:
        """Enter ``cls``, here under another ``name`` or ``version`` if given. Entering it the same again is harmless.

        A class takes the place of an earlier one of the same module and qualified name: its module was loaded again.
        Raises ``EventNameConflict`` if another type has that name and version.
        """
        check_class("cls", cls, "the class of the event")
        if name is not None:
            check_text("name", name, "a text")
        if version is not None:
            check_number("version", version, 1, whole=True)
        own: EventName = cls.__dict__.get(_ATTRIBUTE, EventName(cls.__name__, 1))
        key = EventName(name or own.name, version or own.version)
        holder = self._types.get(key, cls)
        if holder is not cls:
            if _place(holder) != _place(cls):
                raise EventNameConflict(key.name, key.version, holder, cls)
            self._names.pop(holder, None)
        self._types[key] = cls
        self._names[cls] = key
        return key

    def name_of(self, cls: type) -> EventName:
        """The name of ``cls``, entered on the first call. Raises ``EventNameConflict``, as :meth:`register` does."""
        return self._names.get(cls) or self.register(cls)

    def version_of(self, cls: type) -> int:
        """The version that ``cls``, or the nearest class that it derives from, was registered with; else 1.

        Of a class that is not registered it is the one that it declares with ``event_type``.
        """
        known = self._names.get(cls)
        if known is not None:
            return known.version
        for base in cls.__mro__:
            known = self._names.get(base) or base.__dict__.get(_ATTRIBUTE)
            if known is not None:
                return known.version
        return 1

    def type_of(self, name: str, version: int = 1) -> type:
        """The type with this name and version. Raises ``UnknownEvent`` if none is registered."""
        try:
            return self._types[EventName(name, version)]
        except KeyError:
            raise UnknownEvent(name, version) from None


default_registry = EventRegistry()
"""The registry of every outbox, database and consumer that is not given one; ``event_type`` enters classes in it."""


def _place(cls: Any) -> Any:
    """Where the class is written. Of a closed generic, that of all its parts."""
    pydantic: dict[str, Any] = getattr(cls, "__pydantic_generic_metadata__", None) or {}
    own = vars(cls).get("__cqrs_generic__") if isinstance(cls, type) else None
    origin, arguments = own or (pydantic.get("origin"), pydantic.get("args", ()))
    if origin is not None:
        return (_place(origin), *map(_place, arguments))
    return (cls.__module__, cls.__qualname__) if isinstance(cls, type) else cls
