"""Checks of arguments where they are passed, so that a wrong one does not fail only when it is used later."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from cqrs.errors.root import InvalidArgument


@dataclass(frozen=True, slots=True)
class Needed:
    """What an argument must have: attributes of these ``names``, or this ``kind`` (a class).

    ``give`` completes the text of the error: "give ...".
    """

    give: str
    names: tuple[str, ...] = ()
    kind: type | tuple[type, ...] = object


BROKER = Needed("a MessageBroker, or any object with `async def send_message(self, message)`", ("send_message",))
SOURCE = Needed(
    "a message source, such as a KafkaMessageSource(...) or that of a MemoryMessageBroker", ("receive", "ack", "close")
)
OUTBOX = Needed("an outbox, such as db.outbox", ("add", "get_many", "update_status"))
INBOX = Needed("an inbox, such as db.inbox", ("accept", "park"))
DATABASE = Needed("a cqrs.Database(...) or a MemoryDatabase()", ("unit_of_work", "outbox", "inbox"))
REGISTRY = Needed("a cqrs.EventRegistry()", ("type_of", "version_of"))
COMPRESSOR = Needed("a compressor, such as a ZlibCompressor()", ("compress", "decompress"))
SERIALIZER = Needed("a serializer, such as a JsonSerializer()", ("serialize", "deserialize"))
HOOKS = Needed("an instance of a subclass of cqrs.Hooks", ("event_unhandled", "event_handler_failed", "problems"))
RECEIVER = Needed("an EventMediator, as cqrs.events.bootstrap.bootstrap(...) returns it", ("handles", "send"))

TEXT = Needed("a text", kind=str)


def what_is_wrong(value: Any, needed: Needed) -> str | None:
    """Return why ``value`` does not fulfil ``needed``, or ``None`` if it does."""
    if inspect.iscoroutine(value):
        value.close()  # else Python would warn about it, too
        return "it was not awaited"
    if isinstance(value, type):
        return "it is a class"
    if needed.names == ("__call__",):
        return None if callable(value) else "it cannot be called"
    if not isinstance(value, needed.kind):
        return f"it is a {type(value).__qualname__}"
    missing = [name for name in needed.names if not _has(value, name)]
    return f"it has no {' and no '.join(missing)}" if missing else None


def check(argument: str, value: Any, needed: Needed) -> None:
    """Raise ``InvalidArgument`` if ``value`` does not fulfil ``needed``."""
    problem = what_is_wrong(value, needed)
    if problem is not None:
        raise InvalidArgument(argument, value, f"{problem}, give {needed.give}")


def check_given(argument: str, value: Any, needed: Needed) -> None:
    """Like :func:`check`, but accept ``None``, which stands for an omitted argument."""
    if value is not None:
        check(argument, value, needed)


def check_text(argument: str, value: Any, give: str) -> None:
    """Raise ``InvalidArgument`` unless ``value`` is a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise InvalidArgument(argument, value, f"give {give}")


def check_texts(argument: str, value: Any, give: str) -> None:
    """Raise ``InvalidArgument`` unless ``value`` is a text or a non-empty collection of texts."""
    texts: Any = (value,) if isinstance(value, str) else value
    if not isinstance(texts, list | tuple | set | frozenset) or not texts:
        raise InvalidArgument(argument, value, f"give {give}")
    for text in texts:  # pyright: ignore[reportUnknownVariableType]
        check_text(argument, text, give)


def check_number(argument: str, value: Any, least: float, *, whole: bool = False) -> None:
    """Raise ``InvalidArgument`` unless ``value`` is a number of at least ``least``; with ``whole``, an ``int``."""
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not value >= least:
        raise InvalidArgument(argument, value, f"give a {'whole ' if whole else ''}number, {least} or more")


def is_class(value: object) -> bool:
    """Whether ``value`` is a class, whatever its annotation promises."""
    return isinstance(value, type)


def check_class(argument: str, value: object, give: str) -> None:
    """Raise ``InvalidArgument`` unless ``value`` is a class."""
    if not is_class(value):
        raise InvalidArgument(argument, value, f"give {give}")


def check_function(argument: str, value: Any, count: int, give: str) -> None:
    """Raise ``InvalidArgument`` unless ``value`` can be called with ``count`` positional arguments."""
    if not callable(value) or not takes(value, count):
        raise InvalidArgument(argument, value, f"give {give}")


def takes(function: Any, count: int) -> bool:
    """Whether ``function`` can be called with ``count`` positional arguments; ``True`` if that cannot be found out."""
    try:
        inspect.signature(function, follow_wrapped=False).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # a function written in C, without a signature
        return True
    return True


def problem_with_handle(handler: type) -> tuple[str, str] | None:
    """Return the problem with the parameters of the ``handle`` of a class and its remedy; ``None`` if there is none."""
    declared = inspect.getattr_static(handler, "handle", None)
    if inspect.isfunction(declared) and not takes(declared, 2):  # itself and the message
        return "its handle does not take the message alone", "Let it take one, and the constructor what else it needs"
    return None


def _has(value: Any, name: str) -> bool:
    if any(name in base.__dict__ for base in type(value).__mro__):
        return True  # without evaluating properties, which may need an open transaction
    try:
        return getattr(value, name, None) is not None
    except Exception:  # noqa: BLE001  # an attribute that cannot be read does not count
        return False
