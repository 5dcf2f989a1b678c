"""The short way to a thing: one call, where making it takes neither an ``await`` nor a request scope."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from cqrs._introspection.generics import type_name
from cqrs.errors.wiring import DependencyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Make = Callable[[], Any]


ONE_LOOP = "Give the factory what it needs as a parameter, and resolve in one event loop only"


class NotAtOnce(Exception):  # it is no error: whoever asked takes the long way
    """The short way ends at something that has yet to be made, and that takes an ``await``. Nothing was made."""


def assembled(factory: Callable[..., Any], args: Sequence[Make], kwargs: Mapping[str, Make]) -> Make:
    """A function that calls ``factory`` with what the other functions make."""
    if kwargs:
        return lambda: factory(*[make() for make in args], **{name: make() for name, make in kwargs.items()})
    # Most constructors take a few parameters, and this is on the way of every request: a list would double its cost.
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
    """A function that returns what ``made`` holds for ``key``, and makes it if nothing is there.

    Nothing is awaited meanwhile, so whoever asks while it is made is the factory itself, or another thread.
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
    """A function that returns what ``made`` holds for ``key``, and raises ``NotAtOnce`` if nothing is there."""

    def get() -> Any:
        try:
            return made[key]
        except KeyError:
            raise NotAtOnce from None

    return get


def unsure() -> None:
    """Says beforehand that ``NotAtOnce`` may be raised at the very end of the way, and nothing more."""


def after(looks: Sequence[Make], make: Make) -> Make:
    """``make``, after every one of ``looks`` has told that it can be: it then makes all or nothing."""
    looks = [look for look in looks if look is not unsure]
    match looks:
        case []:
            return make
        case [look] if look is make:
            return make
        case [look]:

            def make_after_one() -> Any:
                look()
                return make()

            return make_after_one
        case _:

            def make_after_all() -> Any:
                for look in looks:
                    look()
                return make()

            return make_after_all
