"""The registry of event types: the names and versions that stand for classes on the wire and in a store."""

from __future__ import annotations

from typing import Any, NamedTuple

from cqrs._arguments import check_class, check_number, check_text
from cqrs.errors.events import EventNameConflict, UnknownEvent

_ATTRIBUTE = "__cqrs_event_name__"


class EventName(NamedTuple):
    """The name and version of an event type outside of the code."""

    name: str
    version: int


def declare(cls: type, name: EventName) -> None:
    """Make ``name`` the name of ``cls`` in every registry, unless it is registered there under another one."""
    setattr(cls, _ATTRIBUTE, name)


def declared_version(cls: type) -> int:
    """Return the version that ``cls``, or else its nearest base class, declares with ``event_type``; otherwise 1."""
    for base in cls.__mro__:
        declared: EventName | None = base.__dict__.get(_ATTRIBUTE)
        if declared is not None:
            return declared.version
    return 1


class EventRegistry:
    """Maps event types to names and versions, and back.

    The name is that of ``event_type``, or else the name of the class, with version 1. It is not inherited.
    """

    def __init__(self) -> None:
        self._types: dict[EventName, type] = {}
        self._names: dict[type, EventName] = {}

    def __contains__(self, cls: type) -> bool:
        """Whether the type ``cls`` is registered, under any name."""
        return cls in self._names

    def register(self, cls: type, name: str | None = None, version: int | None = None) -> EventName:
        """Register ``cls``, under its own name or under ``name`` and ``version``. Doing it again has no effect.

        A class replaces an earlier one of the same module and qualified name, because its module was loaded again.
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
        """Return the name of ``cls``, and register it on the first call. Raises ``EventNameConflict``."""
        return self._names.get(cls) or self.register(cls)

    def version_of(self, cls: type) -> int:
        """Return the version that ``cls``, or else its nearest base class, was registered with; otherwise 1.

        For a class that is not registered it is the version that it declares with ``event_type``.
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
        """Return the type with this name and version. Raises ``UnknownEvent`` if none is registered."""
        try:
            return self._types[EventName(name, version)]
        except KeyError:
            raise UnknownEvent(name, version) from None


default_registry = EventRegistry()
"""The default registry of outboxes, databases and consumers; ``event_type`` registers classes in it."""


def _place(cls: Any) -> Any:
    """Return module and qualified name of a class; for a generic with type arguments, those of all its parts."""
    pydantic: dict[str, Any] = getattr(cls, "__pydantic_generic_metadata__", None) or {}
    own = vars(cls).get("__cqrs_generic__") if isinstance(cls, type) else None
    origin, arguments = own or (pydantic.get("origin"), pydantic.get("args", ()))
    if origin is not None:
        return (_place(origin), *map(_place, arguments))
    return (cls.__module__, cls.__qualname__) if isinstance(cls, type) else cls
