"""Functions that make an instance in one call, where that needs neither an ``await`` nor a request scope."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from cqrs._introspection.generics import type_name
from cqrs.errors.wiring import DependencyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Make = Callable[[], Any]


ONE_LOOP = "Give the factory what it needs as a parameter, and resolve in one event loop only"


class NotAtOnce(Exception):  # no error: the caller then resolves the type in a scope
    """Something has yet to be made for this, and that needs an ``await``. Nothing was made."""


def assembled(factory: Callable[..., Any], args: Sequence[Make], kwargs: Mapping[str, Make]) -> Make:
    """Return a function that calls ``factory`` with the results of the other functions."""
    if kwargs:
        return lambda: factory(*[make() for make in args], **{name: make() for name, make in kwargs.items()})
    # Every request runs this, and most constructors take few parameters: building a list would double its cost.
    match args:
        case []:
            return factory
        case [a]:
            return lambda: factory(a())
        case [a, b]:
            return lambda: factory(a(), b())
        case [a, b, c]:
            return lambda: factory(a(), b(), c())
        case _:
            return lambda: factory(*[make() for make in args])


def shared(make: Make, key: Any, made: dict[Any, Any]) -> Make:
    """Return a function that returns ``made[key]``, and makes it first if it is missing.

    Nothing is awaited meanwhile, so a call while it is being made comes from the factory itself or another thread.
    """
    in_the_making = Lock()

    def get() -> Any:
        try:
            return made[key]
        except KeyError:
            pass
        if not in_the_making.acquire(blocking=False):
            problem = f"{type_name(key)} is being made, by a factory that asks for it itself or in another thread"
            raise DependencyError(key, (key,), problem, ONE_LOOP)
        try:
            made[key] = it = make()
        finally:
            in_the_making.release()
        return it

    return get


def made_before(key: Any, made: Mapping[Any, Any]) -> Make:
    """Return a function that returns ``made[key]``, and raises ``NotAtOnce`` if it is missing."""

    def get() -> Any:
        try:
            return made[key]
        except KeyError:
            raise NotAtOnce from None

    return get


def may_fail_late() -> None:
    """A check that does nothing: it marks functions that may raise ``NotAtOnce`` only at their very end."""


def checked_first(checks: Sequence[Make], make: Make) -> Make:
    """Return a function that calls all ``checks`` before ``make``, so that it makes either everything or nothing."""
    checks = [check for check in checks if check is not may_fail_late]
    match checks:
        case []:
            return make
        case [check] if check is make:
            return make
        case [check]:

            def make_after_one() -> Any:
                check()
                return make()

            return make_after_one
        case _:

            def make_after_all() -> Any:
                for check in checks:
                    check()
                return make()

            return make_after_all
