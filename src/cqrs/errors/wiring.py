"""Errors of bindings: handlers, containers and settings that cannot work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqrs._introspection.generics import type_names
from cqrs.errors.root import CQRSError, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class WiringProblem:
    """One mistake in the bindings: where it is, what is wrong, and what to change.

    User and password of an address are neither in ``subject`` nor in ``problem``.
    """

    subject: str
    problem: str
    remedy: str

    def __post_init__(self) -> None:
        for name in ("subject", "problem"):
            object.__setattr__(self, name, without_secrets(getattr(self, name)))

    def __str__(self) -> str:
        return f"{self.subject}: {self.problem}. {self.remedy}."


class WiringError(CQRSError):
    """Bindings that cannot work, all of them at once.

    ``problems`` holds every mistake that was found. Raised while a mediator is built, before it accepts a request.
    """

    def __init__(self, problems: Sequence[WiringProblem]) -> None:
        self.problems = tuple(problems)
        count = "1 wiring problem" if len(self.problems) == 1 else f"{len(self.problems)} wiring problems"
        super().__init__("\n".join([f"{count}:", *(f"  {n}. {p}" for n, p in enumerate(self.problems, 1))]))


class CircuitBreakerSettingsError(WiringError, ValueError):
    """Settings with which a circuit breaker cannot work, all at once in ``problems``."""


class DependencyError(CQRSError):
    """A container cannot build ``required``.

    ``path`` lists the types that led to it, beginning with the requested one.
    """

    def __init__(self, required: object, path: Sequence[object], problem: str, remedy: str) -> None:
        self.required = required
        self.path = tuple(path)
        self.problem = problem
        self.remedy = remedy
        chain = " → ".join(type_names(*self.path))
        super().__init__(f"{chain}: {problem}. {remedy}." if chain else f"{problem}. {remedy}.")


def problems_of(errors: Iterable[DependencyError]) -> list[WiringProblem]:
    """The ``errors`` as problems of one :class:`WiringError`, in which classes of one name get their modules."""
    errors = [*errors]
    names = iter(type_names(*(type_ for error in errors for type_ in error.path)))
    return [WiringProblem(" → ".join(next(names) for _ in e.path), e.problem, e.remedy) for e in errors]


class NoRequestScope(CQRSError, LookupError):
    """No request scope is open: nothing in the container lives per request, or no request is being handled."""

    def __init__(self) -> None:
        super().__init__(
            "No request scope is open here: ask for it within a handler or a middleware, where something in the "
            "container lives per request, or open one with `async with container.scope() as scope:`."
        )
