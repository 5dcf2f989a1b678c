"""An injector that is asked more before anything is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cqrs.container.adopt import Injector
    from cqrs.container.origin import Origins
    from cqrs.errors.wiring import WiringProblem

T = TypeVar("T")


class Checked:
    """``injector``, whose check also reports what ``judge`` finds in the origins of what is built."""

    __slots__ = ("_injector", "_judge", "kept", "light_scope", "makes_anew", "scope", "shortcut")

    def __init__(self, injector: Injector, judge: Callable[[Origins], Iterable[WiringProblem]]) -> None:
        self._injector = injector
        self._judge = judge
        self.scope = injector.scope  # taken for every turn, so it costs no call of ours
        self.light_scope, self.kept, self.shortcut = injector.light_scope, injector.kept, injector.shortcut
        self.makes_anew = injector.makes_anew

    @property
    def scoped(self) -> bool:
        """Whether every request needs a scope of its own."""
        return self._injector.scoped

    def constructor(self, type_: type[T]) -> Callable[[], T] | None:
        """That of the injector."""
        return self._injector.constructor(type_)

    def origins_of(self, types: Iterable[type]) -> Origins:
        """Those of the injector."""
        return self._injector.origins_of(types)

    def check(self, types: Iterable[type]) -> list[WiringProblem]:
        """What the injector reports and what ``judge`` does; where both have found something, only the latter."""
        types = [*types]
        judged = {p.subject: p for p in self._judge(self._injector.origins_of(types))}
        return [*(p for p in self._injector.check(types) if p.subject not in judged), *judged.values()]
