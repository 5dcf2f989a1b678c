"""Errors of events: wrong, unregistered or without a handler."""

from __future__ import annotations

from cqrs._introspection.generics import type_name
from cqrs.errors.root import CQRSError


class ImmutableEventError(CQRSError, AttributeError):
    """An attribute of an event was set again. It has kept its value."""

    def __init__(self, event_type: type, attribute: str) -> None:
        self.event_type = event_type
        self.attribute = attribute
        super().__init__(
            f"{event_type.__name__}.{attribute} is already set and events are immutable: "
            "record a new event, or use dataclasses.replace()."
        )


class EventClassRecorded(CQRSError, TypeError):
    """The class ``event_type`` itself was recorded or sent, instead of an instance of it."""

    def __init__(self, event_type: type) -> None:
        self.event_type = event_type
        super().__init__(f"{type_name(event_type)} is a class: record or send an instance, {event_type.__name__}(...).")


class NoEvent(CQRSError, TypeError):
    """An object of type ``kind``, which is no event, was recorded or given to a mediator.

    For example a list or a generator of events, ``None``, a text or a number.
    """

    def __init__(self, kind: type) -> None:
        self.kind = kind
        subject = "None" if kind is type(None) else f"A {type_name(kind)}"
        super().__init__(
            f"{subject} is no event and nothing would handle it: record instances of your event classes one by one, "
            "record(*events), and from what is awaited, record(*await events)."
        )


class EventsKeptElsewhere(CQRSError, TypeError):
    """``handler_type`` keeps an event where it is never read, so that it would be lost.

    Either its own property ``events`` does not return what it records, or it appends to its own list ``kept_in``.
    """

    def __init__(self, handler_type: type, kept_in: str | None = None) -> None:
        self.handler_type = handler_type
        self.kept_in = kept_in
        name = type_name(handler_type)
        if kept_in is None:
            text = (
                f"{name} has its own property `events`, which does not return what record() was given: append to the "
                "list that the property returns, or remove the property."
            )
        else:
            text = (
                f"{name} keeps events in its list `{kept_in}`, which is never read: call self.record(...) in place of "
                f"self.{kept_in}.append(...), or return the list from a property `events`."
            )
        super().__init__(text)


class EventNameConflict(CQRSError):
    """Two event types claim the same ``name`` and ``version``."""

    def __init__(self, name: str, version: int, first: type, second: type) -> None:
        self.name = name
        self.version = version
        self.event_types = (first, second)
        super().__init__(
            f"{_full_name(first)} and {_full_name(second)} both claim the event name {name!r} version {version}: give "
            "one of them another name or version with @cqrs.event_type(...), or register one in its own EventRegistry."
        )


class NoMessageKey(CQRSError, ValueError):
    """An event of ``event_type`` has no usable value in ``key``, the field that its class names as the message key."""

    def __init__(self, event_type: type, key: str, problem: str) -> None:
        self.event_type = event_type
        self.key = key
        self.problem = problem
        super().__init__(
            f"{type_name(event_type)} takes its message key from {key!r}: {problem}. Set that field, or give "
            "@cqrs.event_type(key=) a function that makes a text of the event, or None for one without order."
        )


class UnknownEvent(CQRSError, LookupError):
    """No event type is registered under ``name`` and ``version``."""

    def __init__(self, name: str, version: int) -> None:
        self.name = name
        self.version = version
        super().__init__(
            f"No event type is registered as {name!r} version {version}: put @cqrs.event_type({name!r}) on its class, "
            "or register that with OutboxedEventMap.register() or in the registry that the reader was given. If that "
            "is done, is the module of the class imported? A consumer that does not need such messages takes "
            "on_unknown='skip'."
        )


class ProtobufNotImplemented(CQRSError, NotImplementedError):
    """``event_type`` does not define its protobuf form."""

    def __init__(self, event_type: type, method: str) -> None:
        self.event_type = event_type
        self.method = method
        super().__init__(
            f"{event_type.__name__} has no protobuf form: override {method}() in a subclass, with the generated class."
        )


class EventUnhandled(CQRSError, LookupError):
    """A message of ``event_type`` was received, and no handler is bound for that type."""

    def __init__(self, event_type: type) -> None:
        self.event_type = event_type
        super().__init__(
            f"No handler is bound for {type_name(event_type)}: bind one for exactly this type in events_mapper, or let "
            "the consumer skip unknown messages, on_unknown='skip'."
        )


class OpenGenericEvent(CQRSError, TypeError):
    """An event is an instance of the generic class ``event_type`` itself, but handlers are bound for closed ones.

    ``bound`` has those classes. Type checkers accept the one for the other; at run time it is unknown which is meant.
    """

    def __init__(self, event_type: type, bound: tuple[type, ...]) -> None:
        self.event_type = event_type
        self.bound = bound
        names = " and ".join(type_name(cls) for cls in bound)
        super().__init__(
            f"No handler is bound for {type_name(event_type)} itself, but for {names}: make the event with that class, "
            f" {type_name(bound[0])}(...)."
        )


class HandlerCancelled(CQRSError):
    """A handler of ``event_type`` has raised a ``CancelledError``, although its turn was not cancelled."""

    def __init__(self, event_type: type) -> None:
        self.event_type = event_type
        super().__init__(
            f"A handler of {type_name(event_type)} ended with a CancelledError, but its turn was not cancelled: a "
            "task or a future that it awaited was. Catch the error there, and raise what it means."
        )


def _full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
