"""The adapter for asynchronous containers of the library dishka."""

from cqrs.container.dishka.container import DishkaContainer

__all__ = ["DishkaContainer"]
