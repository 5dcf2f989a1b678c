"""Services with type arguments, for tests of containers."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class User:
    pass


class Order:
    pass


class Repo(Generic[T]):
    pass


class UserRepo(Repo[User]):
    pass


class OrderRepo(Repo[Order]):
    pass


class Service(Generic[T]):
    def __init__(self, repo: Repo[T]) -> None:
        self.repo = repo
