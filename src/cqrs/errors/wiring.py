"""What was bound cannot work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqrs._introspection.generics import type_names
from cqrs.errors.root import CQRSError, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class WiringProblem:
    """One mistake in what was bound: where it is, what is wrong, and what to change.

    Of an address that was given neither ``subject`` nor ``problem`` has user and password.
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
    """A circuit breaker was given settings it cannot work with, all of them at once in ``problems``."""


class DependencyError(CQRSError):
    """A container cannot build ``required``.

    ``path`` lists the types that led there, the one that was asked for first.
    """

    def __init__(self, required: object, path: Sequence[object], problem: str, remedy: str) -> None:
        self.required = required
        self.path = tuple(path)
        self.problem = problem
        self.remedy = remedy
        chain = " → ".join(type_names(*self.path))
        super().__init__(f"{chain}: {problem}. {remedy}." if chain else f"{problem}. {remedy}.")


def problems_of(errors: Iterable[DependencyError]) -> list[WiringProblem]:
    """What the ``errors`` tell, for one :class:`WiringError`: two classes of one name are told apart in all of it."""
    errors = [*errors]
    names = iter(type_names(*(type_ for error in errors for type_ in error.path)))
    return [WiringProblem(" → ".join(next(names) for _ in e.path), e.problem, e.remedy) for e in errors]


class NoRequestScope(CQRSError, LookupError):
    """No request scope is open here: nothing in the container lives per request, or no request is handled."""

    def __init__(self) -> None:
        super().__init__(
            "No request scope is open here: ask for it within a handler or a middleware, where something in the "
            "container lives per request, or open one with `async with container.scope() as scope:`."
        )
