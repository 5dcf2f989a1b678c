"""What every message has in common: it tells itself to plain values and is made from them."""

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
        """The fields as a dictionary."""

    @classmethod
    @abc.abstractmethod
    def from_dict(cls, **kwargs: Any) -> Self:
        """A message with these fields."""


class IEvent(IMessage):
    """An event of any class. Keep it immutable: handlers may see it at the same time."""


class PydanticMessage(BaseModel, IMessage):
    """A message that pydantic validates."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as Python values; nested models become dictionaries."""
        return self.model_dump(mode="python")

    @classmethod
    def from_dict(cls, **kwargs: Any) -> Self:
        """A message with these fields, such as :meth:`to_dict` gives; aliases are taken, too.

        Raises ``pydantic.ValidationError`` if they do not fit.
        """
        message: Self = reader(cls).validate_python(kwargs)
        return message


class DataclassMessage(IMessage):
    """A message on a standard dataclass: decorate your subclass with ``@dataclasses.dataclass``."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(arbitrary_types_allowed=True)

    def to_dict(self) -> dict[str, Any]:
        """The fields; nested dataclasses become dictionaries."""
        itself: Any = self  # a type checker cannot know that subclasses are dataclasses
        return dataclasses.asdict(itself)

    @classmethod
    def from_dict(cls, **kwargs: Any) -> Self:
        """A message with these fields, validated by pydantic and built: text becomes an id, a time, a nested dataclass.

        Takes what :meth:`to_dict` gives. Raises ``TypeError`` for an unknown or a missing field, and
        ``pydantic.ValidationError`` if a value does not fit.
        """
        given: dict[str, Any] = {**getattr(cls, "__cqrs_defaults__", {}), **kwargs}
        known, required, validate = _reading(cls)
        if not required <= given.keys() <= known:
            return cls(**given)  # which says what is missing or unknown
        message: Self = validate(given)
        return message


@functools.lru_cache(maxsize=1024)
def _reading(cls: Any) -> tuple[frozenset[str], frozenset[str], Callable[[Any], Any]]:
    """The names of the fields, of those without a default, and what makes an instance of them."""
    fields = [field for field in dataclasses.fields(cls) if field.init]
    missing = dataclasses.MISSING
    required = [f.name for f in fields if f.default is missing and f.default_factory is missing]
    return frozenset(f.name for f in fields), frozenset(required), reader(cls).validate_python
