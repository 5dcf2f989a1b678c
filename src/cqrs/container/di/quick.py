"""Makes what the library ``di`` builds by plain calls, where nothing has to be awaited or opened."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from cqrs._introspection.calling import kind_of
from cqrs.container.resolving.shortcut import NotAtOnce

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import di
    from di.api.dependencies import DependentBase
    from di.api.scopes import Scope

    Caches = Mapping[Scope, Mapping[Any, Any]]
    Shared = dict[Any, Any]
    Make = Callable[[Caches, Shared], Any]
    Look = tuple[Scope, Any]


class Part(NamedTuple):
    """How one dependency is made; ``look`` is its place in the caches, if it lasts longer than a request."""

    make: Make
    look: Look | None = None


class Quick:
    """How a type is made by plain calls. ``shares``: whether something is shared with other parts of the request."""

    def __init__(self, call: Any, root: Part, args: list[Part] | None, looks: list[Look], *, shares: bool) -> None:
        self._call = call
        self._root = root
        self._args = args  # all arguments; None if some are passed by name
        self._looks = looks
        self.shares = shares

    def made(self, lasting: di.ScopeState | None, shared: Shared) -> Any:
        """Make it, using the ``lasting`` instances. Raises ``NotAtOnce``, before making anything, if one is missing."""
        return self._root.make(self._caches(lasting), shared)

    def alone(self, lasting: di.ScopeState | None) -> Callable[[], Any]:
        """Return a function that makes it with the present ``lasting`` instances. Raises ``NotAtOnce`` as above."""
        caches = self._caches(lasting)
        if self._root.look is None and self._args is not None and all(part.look for part in self._args):
            values = [caches[part.look[0]][part.look[1]] for part in self._args if part.look]
            return partial(self._call, *values) if values else cast("Callable[[], Any]", self._call)
        return partial(self._root.make, caches, {})

    def _caches(self, lasting: di.ScopeState | None) -> Caches:
        caches: Caches = {} if lasting is None else lasting.cached_values
        for scope, key in self._looks:
            if scope not in caches or key not in caches[scope]:
                raise NotAtOnce
        return caches


def quick_way(
    solved: di.SolvedDependent[Any], lasting: Collection[Scope], request: Scope, scope_of: Callable[..., Scope]
) -> Quick | None:
    """Return how to make what was ``solved`` by plain calls, or ``None`` if that is not possible."""
    return _Way(solved, lasting, request, scope_of).to(solved.dependency)


class _Way:
    """Walks through the dependencies."""

    def __init__(
        self,
        solved: di.SolvedDependent[Any],
        lasting: Collection[Scope],
        request: Scope,
        scope_of: Callable[..., Scope],
    ) -> None:
        self._needs = {dependent.cache_key: parameters for dependent, parameters in solved.dag.items()}
        self._lasting, self._known, self._scope_of = lasting, {*lasting, request}, scope_of
        self._looks: dict[Look, None] = {}
        self._shares = False

    def to(self, dependent: DependentBase[Any]) -> Quick | None:
        root = self._part(dependent)
        if root is None:
            return None
        args, kwargs = (None if root.look else self._parts(dependent)) or (None, {})
        return Quick(dependent.call, root, None if kwargs else args, [*self._looks], shares=self._shares)

    def _part(self, dependent: DependentBase[Any]) -> Part | None:
        key, scope = dependent.cache_key, self._scope_of(dependent, (), ())
        if dependent.call is None or key not in self._needs or scope not in self._known:
            return None
        if dependent.use_cache and scope in self._lasting:
            self._looks[scope, key] = None
            return Part(_kept(scope, key), (scope, key))
        parts = self._parts(dependent)
        if parts is None:
            return None
        make = _called(dependent.call, *parts)
        if not dependent.use_cache or _is_a_default(dependent.call):
            return Part(make)
        self._shares = True
        return Part(_shared(make, key))

    def _parts(self, dependent: DependentBase[Any]) -> tuple[list[Part], dict[str, Part]] | None:
        call: Any = dependent.call
        if any(kind_of(each)[0] != "plain" for each in (call, inspect.unwrap(call))):
            return None
        args: list[Part] = []
        kwargs: dict[str, Part] = {}
        for needed in self._needs[dependent.cache_key]:
            part, parameter = self._part(needed.dependency), needed.parameter
            if part is None or parameter is None:
                return None
            if parameter.kind == parameter.KEYWORD_ONLY:
                kwargs[parameter.name] = part
            else:
                args.append(part)
        return args, kwargs


def _kept(scope: Scope, key: Any) -> Make:
    return lambda caches, _: caches[scope][key]


def _called(call: Any, args: list[Part], kwargs: dict[str, Part]) -> Make:
    makes = [part.make for part in args]
    if kwargs:
        named = {name: part.make for name, part in kwargs.items()}
        return lambda caches, shared: call(
            *[make(caches, shared) for make in makes], **{name: make(caches, shared) for name, make in named.items()}
        )
    match makes:
        case []:
            return lambda _, __: call()
        case [a]:
            return lambda caches, shared: call(a(caches, shared))
        case [a, b]:
            return lambda caches, shared: call(a(caches, shared), b(caches, shared))
        case [a, b, c]:
            return lambda caches, shared: call(a(caches, shared), b(caches, shared), c(caches, shared))
        case _:
            return lambda caches, shared: call(*[make(caches, shared) for make in makes])


def _shared(make: Make, key: Any) -> Make:
    def get(caches: Caches, shared: Shared) -> Any:
        try:
            return shared[key]
        except KeyError:
            pass
        shared[key] = it = make(caches, shared)
        return it

    return get


def _is_a_default(call: Any) -> bool:
    """Whether ``call`` is the function by which ``di`` gives a parameter its default."""
    return getattr(call, "__name__", "") == "inject_default_value" and call.__module__.partition(".")[0] == "di"
