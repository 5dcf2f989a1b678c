"""What every message has in common: it tells itself to plain values and is made from them."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any, Self

from pydantic import BaseModel


class IMessage(abc.ABC):
    """A message of any class."""

    @abc.abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The fields as a dictionary."""

    @classmethod
    @abc.abstractmethod
    def from_dict(cls, **kwargs: Any) -> Self:
        """A message with these fields."""


class PydanticMessage(BaseModel, IMessage):
    """A message that pydantic validates."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as Python values; nested models become dictionaries."""
        return self.model_dump(mode="python")

    @classmethod
    def from_dict(cls, **kwargs: Any) -> Self:
        """A message with these fields. Raises ``pydantic.ValidationError`` if they do not fit."""
        return cls.model_validate(kwargs)


class DataclassMessage(IMessage):
    """A message on a standard dataclass: decorate your subclass with ``@dataclasses.dataclass``."""

    def to_dict(self) -> dict[str, Any]:
        """The fields; nested dataclasses become dictionaries."""
        itself: Any = self  # a type checker cannot know that subclasses are dataclasses
        return dataclasses.asdict(itself)

    @classmethod
    def from_dict(cls, **kwargs: Any) -> Self:
        """A message with these fields. Raises ``TypeError`` for an unknown or a missing one."""
        return cls(**kwargs)
