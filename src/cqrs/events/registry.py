"""The stable names of event types: what stands for a class on the wire and in a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cqrs.errors.events import EventNameConflict, UnknownEvent

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T", bound=type)

_ATTRIBUTE = "__cqrs_event_name__"


class EventName(NamedTuple):
    """How an event type is called outside of the code."""

    name: str
    version: int


def event_type(name: str, *, version: int = 1) -> Callable[[T], T]:
    """Decorates a class of any kind with its name and version, so that renaming or moving the class breaks nothing."""

    def decorate(cls: T) -> T:
        setattr(cls, _ATTRIBUTE, EventName(name, version))
        return cls

    return decorate


def declared_version(cls: type) -> int:
    """The version that ``cls`` declares with :func:`event_type`, else 1."""
    declared: EventName | None = cls.__dict__.get(_ATTRIBUTE)
    return declared.version if declared is not None else 1


class EventRegistry:
    """Gives every event type a name and a version, and finds the type by them.

    The name is the one of :func:`event_type`, else the class's own name at version 1. It is not inherited.
    """

    def __init__(self) -> None:
        self._types: dict[EventName, type] = {}
        self._names: dict[type, EventName] = {}

    def register(self, cls: type, name: str | None = None, version: int | None = None) -> EventName:
        """Enter ``cls``, here under another ``name`` or ``version`` if given. Entering it the same again is harmless.

        Raises ``EventNameConflict`` if another type has that name and version.
        """
        own: EventName = cls.__dict__.get(_ATTRIBUTE, EventName(cls.__name__, 1))
        key = EventName(name or own.name, version or own.version)
        holder = self._types.setdefault(key, cls)
        if holder is not cls:
            raise EventNameConflict(key.name, key.version, holder, cls)
        self._names[cls] = key
        return key

    def name_of(self, cls: type) -> EventName:
        """The name of ``cls``, entered on the first call. Raises ``EventNameConflict``, as :meth:`register` does."""
        return self._names.get(cls) or self.register(cls)

    def version_of(self, cls: type) -> int:
        """The version that ``cls`` was registered with, or declares with :func:`event_type`, else 1."""
        known = self._names.get(cls)
        return known.version if known is not None else declared_version(cls)

    def type_of(self, name: str, version: int = 1) -> type:
        """The type with this name and version. Raises ``UnknownEvent`` if none is registered."""
        try:
            return self._types[EventName(name, version)]
        except KeyError:
            raise UnknownEvent(name, version) from None
