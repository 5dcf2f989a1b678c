"""What is handed over is looked at there and then, and not by the call that fails on it later."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from cqrs.errors.root import InvalidArgument


@dataclass(frozen=True, slots=True)
class Needed:
    """What something must be able to do: have these ``names``, or be of this ``kind``; ``give`` says what to give."""

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
    """Why ``value`` is not what is ``needed``, or ``None`` if it is."""
    if inspect.iscoroutine(value):
        value.close()  # or Python would warn of it as well
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
    """Raise ``InvalidArgument`` if ``value`` is not what is ``needed``."""
    problem = what_is_wrong(value, needed)
    if problem is not None:
        raise InvalidArgument(argument, value, f"{problem}, give {needed.give}")


def check_given(argument: str, value: Any, needed: Needed) -> None:
    """As :func:`check`, where ``None`` stands for nothing."""
    if value is not None:
        check(argument, value, needed)


def check_text(argument: str, value: Any, give: str) -> None:
    """Raise ``InvalidArgument`` for what is no text, or an empty one."""
    if not isinstance(value, str) or not value:
        raise InvalidArgument(argument, value, f"give {give}")


def check_texts(argument: str, value: Any, give: str) -> None:
    """Raise ``InvalidArgument`` for what is neither a text nor some texts."""
    texts: Any = (value,) if isinstance(value, str) else value
    if not isinstance(texts, list | tuple | set | frozenset) or not texts:
        raise InvalidArgument(argument, value, f"give {give}")
    for text in texts:  # pyright: ignore[reportUnknownVariableType]
        check_text(argument, text, give)


def check_number(argument: str, value: Any, least: float, *, whole: bool = False) -> None:
    """Raise ``InvalidArgument`` for what is no number, or one below ``least``."""
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not value >= least:
        raise InvalidArgument(argument, value, f"give a {'whole ' if whole else ''}number, {least} or more")


def is_class(value: object) -> bool:
    """Whether ``value`` is a class, whatever its annotation promises."""
    return isinstance(value, type)


def check_class(argument: str, value: object, give: str) -> None:
    """Raise ``InvalidArgument`` for what is no class."""
    if not is_class(value):
        raise InvalidArgument(argument, value, f"give {give}")


def check_function(argument: str, value: Any, count: int, give: str) -> None:
    """Raise ``InvalidArgument`` for what cannot be called with ``count`` arguments by position."""
    if not callable(value) or not takes(value, count):
        raise InvalidArgument(argument, value, f"give {give}")


def takes(function: Any, count: int) -> bool:
    """Whether ``function`` can be called with ``count`` arguments by position; in doubt, it can."""
    try:
        inspect.signature(function, follow_wrapped=False).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # written in C, and says nothing about its arguments
        return True
    return True


def problem_with_handle(handler: type) -> tuple[str, str] | None:
    """What is wrong with the parameters of the ``handle`` of a class, and what to do about it."""
    declared = inspect.getattr_static(handler, "handle", None)
    if inspect.isfunction(declared) and not takes(declared, 2):  # itself and the message
        return "its handle does not take the message alone", "Let it take one, and the constructor what else it needs"
    return None


def _has(value: Any, name: str) -> bool:
    if any(name in base.__dict__ for base in type(value).__mro__):
        return True  # without a look at properties, which may need an open transaction
    try:
        return getattr(value, name, None) is not None
    except Exception:  # noqa: BLE001  # it is not what it should be
        return False
