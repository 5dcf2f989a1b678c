"""How an error gets to another process: a value that cannot be pickled arrives as its text."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Carried:
    """A value on its way: its ``pickle``, if it has one, and its ``text`` for a process that lacks its class."""

    pickle: bytes | None
    text: str

    @classmethod
    def of(cls, value: object) -> Carried:
        """``value``, packed for another process."""
        try:
            return cls(pickle.dumps(value), text_of(value))
        except Exception:  # noqa: BLE001  whatever its class raises, the error has to arrive
            return cls(None, text_of(value))

    def value(self) -> Any:
        """The packed value, or its text."""
        if self.pickle is None:
            return self.text
        try:
            return pickle.loads(self.pickle)  # noqa: S301  it came within the pickle that is being read
        except Exception:  # noqa: BLE001
            return self.text


def text_of(value: object) -> str:
    """The text that takes the place of ``value`` where it cannot arrive."""
    try:
        if isinstance(value, type):
            return f"{value.__module__}.{value.__qualname__}"
        return f"{type(value).__qualname__}: {value}" if isinstance(value, BaseException) else repr(value)
    except Exception:  # noqa: BLE001
        return object.__repr__(value)


def _is_tuple(value: Any) -> bool:
    return type(value) is tuple  # a named tuple is made in its own way


def _packed(value: Any) -> Any:
    return tuple(_packed(part) for part in value) if _is_tuple(value) else Carried.of(value)


def _unpacked(packed: Any) -> Any:
    return tuple(_unpacked(part) for part in packed) if _is_tuple(packed) else packed.value()


def _arrived(kinds: tuple[Carried, ...], args: object, cause: object, state: dict[str, object]) -> Any:
    kind = next(found for packed in kinds if isinstance(found := packed.value(), type))
    reason = _unpacked(cause)
    if isinstance(reason, str):
        reason = RuntimeError(reason)
    return _made(kind, _unpacked(args), reason, {name: _unpacked(packed) for name, packed in state.items()})


def _made(kind: type[BaseException], args: Any, cause: BaseException | None, state: dict[str, Any]) -> Any:
    # without its __init__, whose arguments are not those in args
    made = kind.__new__(kind)
    made.args = args
    made.__dict__.update(state)
    if cause is not None:
        made.__cause__ = cause
    return made


def _deep_copy(value: Any, memo: dict[int, Any]) -> Any:
    if _is_tuple(value):
        return tuple(_deep_copy(part, memo) for part in value)
    try:
        return copy.deepcopy(value, memo)
    except Exception:  # noqa: BLE001  a lock or a session, for example: the copy shares it
        return value


class Portable(BaseException):
    """Base class of errors that survive ``pickle``, ``copy`` and the way to another process.

    Its text, attributes, notes and ``__cause__`` come along. An attribute that cannot be carried (a session, a class
    that the other process cannot import) arrives as its text, a cause as a ``RuntimeError`` with its text. A subclass
    that the other process cannot import arrives as the nearest of its base classes.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        kinds = tuple(Carried.of(kind) for kind in type(self).__mro__ if issubclass(kind, Portable))
        state = {name: _packed(value) for name, value in self.__dict__.items()}
        return _arrived, (kinds, _packed(self.args), Carried.of(self.__cause__), state)

    def __copy__(self) -> Self:
        state = {name: list(value) if name == "__notes__" else value for name, value in self.__dict__.items()}
        return _made(type(self), self.args, self.__cause__, state)  # type: ignore[no-any-return]

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        state = {name: _deep_copy(value, memo) for name, value in self.__dict__.items()}
        return _made(  # type: ignore[no-any-return]
            type(self), _deep_copy(self.args, memo), _deep_copy(self.__cause__, memo), state
        )
