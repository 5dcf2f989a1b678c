"""Adds another check to an injector."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cqrs.container.adopt import Injector
    from cqrs.container.origin import Origins
    from cqrs.errors.wiring import WiringProblem

T = TypeVar("T")


class JudgedInjector:
    """Wraps ``injector`` so that its check also reports what ``judge`` finds wrong with the origins of the types."""

    __slots__ = ("_injector", "_judge", "kept", "light_scope", "makes_anew", "scope", "shortcut")

    def __init__(self, injector: Injector, judge: Callable[[Origins], Iterable[WiringProblem]]) -> None:
        self._injector = injector
        self._judge = judge
        self.scope = injector.scope  # used in every turn: this saves a call
        self.light_scope, self.kept, self.shortcut = injector.light_scope, injector.kept, injector.shortcut
        self.makes_anew = injector.makes_anew

    @property
    def scoped(self) -> bool:
        """Whether every request needs a scope of its own."""
        return self._injector.scoped

    def constructor(self, type_: type[T]) -> Callable[[], T] | None:
        """Return that of the injector."""
        return self._injector.constructor(type_)

    def origins_of(self, types: Iterable[type]) -> Origins:
        """Yield those of the injector."""
        return self._injector.origins_of(types)

    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        """Return the problems of the injector and of ``judge``; for a subject that both report, only the latter."""
        types = [*types]
        judged = {p.subject: p for p in self._judge(self._injector.origins_of(types))}
        return [*(p for p in self._injector.check(types) if p.subject not in judged), *judged.values()]
