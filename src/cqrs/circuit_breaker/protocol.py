"""The port of circuit breakers, and the rule that decides when a fallback takes over."""

from __future__ import annotations

import sys
from inspect import isclass
from typing import TYPE_CHECKING, Any, Protocol

from cqrs._introspection.generics import type_name
from cqrs.errors.wiring import WiringError, WiringProblem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable


class ICircuitBreaker(Protocol):
    """Stops calling a function that keeps failing. Safe to share between tasks; one circuit per identifier.

    A fallback passes the class of its primary as the identifier, or a string if the primary is a function or has a
    ``name``.
    """

    async def call(self, identifier: type | str, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        """Await ``func(*args, **kwargs)`` if the circuit of ``identifier`` allows it, and count the result.

        Raises what ``func`` raises. While the circuit is open, it does not call ``func`` and raises an error for which
        :meth:`is_circuit_breaker_error` returns true.
        """
        ...

    def is_circuit_breaker_error(self, exc: Exception) -> bool:
        """Whether ``exc`` means that the circuit was open, rather than that ``func`` failed."""
        ...


def should_use_fallback(
    primary_error: Exception,
    circuit_breaker: ICircuitBreaker | None,
    failure_exceptions: Iterable[type[Exception]] | type[Exception],
) -> bool:
    """Whether the fallback takes over: if the circuit is open, or for ``failure_exceptions`` (empty: all errors)."""
    if circuit_breaker is not None and circuit_breaker.is_circuit_breaker_error(primary_error):
        return True
    named = failure_exceptions if isinstance(failure_exceptions, type) else tuple(failure_exceptions)
    return not named or isinstance(primary_error, named)


def circuit_name(subject: Any) -> str | None:
    """The name of the circuit of a class or function, the same in every process; a string is its own name.

    ``None`` if the name would be ambiguous, or different in another process: a closure, a lambda, a partial, a callable
    object, a method of an object.
    """
    if isinstance(subject, str):
        return subject
    name = getattr(subject, "__qualname__", None)
    if not isinstance(name, str):
        return None
    owner = getattr(subject, "__self__", None)
    if owner is not None:
        return f"{circuit_name(owner)}.{subject.__name__}" if isclass(owner) else None
    if "<" in name and not isclass(subject):
        return None
    return f"{_module_of(subject)}.{name}"


def _module_of(subject: Any) -> str:
    module: str = subject.__module__
    if module not in {"__main__", "__mp_main__"}:
        return module
    # Other processes know the module that `python -m package.module` runs by its real name.
    spec = getattr(sys.modules.get(module), "__spec__", None)
    return "__main__" if spec is None else spec.name


class Guarded(Protocol):
    """A fallback: the primary handler, and what decides when the other handler takes over."""

    @property
    def primary(self) -> Any:
        """The handler as it was bound."""
        ...

    @property
    def circuit_breaker(self) -> ICircuitBreaker | None:
        """The circuit breaker around the primary, or ``None``."""
        ...

    @property
    def failure_exceptions(self) -> Any:
        """The errors after which the fallback takes over."""
        ...

    @property
    def name(self) -> str | None:
        """The name of the circuit, or ``None``."""
        ...


def circuit_of(bound: Guarded, bound_to: object) -> type | str:
    """The identifier of the circuit of a fallback. Raises ``WiringError`` if the fallback cannot work."""
    mistake = _mistake(bound)
    if mistake is not None:
        raise WiringError([WiringProblem(f"the fallback bound to {type_name(bound_to)}", *mistake)])
    primary = bound.primary
    return bound.name or (primary if isclass(primary) else circuit_name(primary) or type_name(primary))


def _mistake(bound: Guarded) -> tuple[str, str] | None:
    breaker: Any = bound.circuit_breaker
    given: Any = bound.failure_exceptions
    kinds: Any = (given,) if isclass(given) or not hasattr(given, "__iter__") else given
    if isclass(breaker):
        return f"its circuit_breaker {type_name(breaker)} is a class", "Pass an instance of it"
    if breaker is not None and not all(callable(getattr(breaker, name, None)) for name in _METHODS):
        remedy = f"Pass a circuit breaker with {' and '.join(_METHODS)}, such as an AioBreakerAdapter"
        return f"its circuit_breaker {breaker!r} is not a circuit breaker", remedy
    if not all(_is_error(kind) for kind in kinds):
        return f"its failure_exceptions are {given!r}", "Pass a tuple of exception classes"
    name: Any = bound.name
    if name is not None and not (isinstance(name, str) and name):
        return f"its name is {name!r}", "Pass a text that names its circuit"
    if breaker is None or name is not None or circuit_name(bound.primary) is not None:
        return None
    return (
        f"its primary {type_name(bound.primary)} has no name of its own for a circuit",
        "Pass name=, the same in each process, or bind a class or a function of a module",
    )


_METHODS = ("call", "is_circuit_breaker_error")


def _is_error(kind: object) -> bool:
    return isclass(kind) and issubclass(kind, BaseException)
