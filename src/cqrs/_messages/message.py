"""The base classes of all messages: they can be turned into plain values, and be made from them."""

from __future__ import annotations

import abc
import dataclasses
import functools
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from cqrs._messages.reading import reader

if TYPE_CHECKING:
    from collections.abc import Callable


class IMessage(abc.ABC):
    """A message of any class."""

    @abc.abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dictionary."""

    @classmethod
    @abc.abstractmethod
    def from_dict(cls, **kwargs: Any) -> Self:
        """Return a message with these fields."""


class IEvent(IMessage):
    """An event of any class. Keep it immutable: several handlers may use it at the same time."""


class PydanticMessage(BaseModel, IMessage):
    """A message that pydantic validates."""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as Python values; nested models become dictionaries."""
        return self.model_dump(mode="python")

    @classmethod
    def from_dict(cls, **kwargs: Any) -> Self:
        """Return a message with these fields, as :meth:`to_dict` returns them; aliases are accepted, too.

        Raises ``pydantic.ValidationError`` if a value does not fit.
        """
        message: Self = reader(cls).validate_python(kwargs)
        return message


class DataclassMessage(IMessage):
    """A message on a standard dataclass: decorate your subclass with ``@dataclasses.dataclass``."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(arbitrary_types_allowed=True)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields; nested dataclasses become dictionaries."""
        itself: Any = self  # a type checker cannot know that subclasses are dataclasses
        return dataclasses.asdict(itself)

    @classmethod
    def from_dict(cls, **kwargs: Any) -> Self:
        """Return a message with these fields, converted by pydantic: a text becomes an id or a time, for example.

        Accepts what :meth:`to_dict` returns. Raises ``TypeError`` for an unknown or missing field, and
        ``pydantic.ValidationError`` if a value does not fit.
        """
        given: dict[str, Any] = {**getattr(cls, "__cqrs_defaults__", {}), **kwargs}
        known, required, validate = _reading(cls)
        if not required <= given.keys() <= known:
            return cls(**given)  # raises TypeError, which names the missing or unknown field
        message: Self = validate(given)
        return message


@functools.lru_cache(maxsize=1024)
def _reading(cls: Any) -> tuple[frozenset[str], frozenset[str], Callable[[Any], Any]]:
    """Return the names of all fields, those of the required ones, and the function that makes an instance."""
    fields = [field for field in dataclasses.fields(cls) if field.init]
    missing = dataclasses.MISSING
    required = [f.name for f in fields if f.default is missing and f.default_factory is missing]
    return frozenset(f.name for f in fields), frozenset(required), reader(cls).validate_python
