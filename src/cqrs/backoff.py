"""How long to wait before the next try, and whether there is to be one."""

from __future__ import annotations

import dataclasses
import random
from typing import Any, cast

from cqrs._arguments import check_number
from cqrs.errors.root import InvalidArgument
from cqrs.errors.transactions import AfterCommitError, ConcurrencyError, TransactionDoomed

_jitter = random.Random()  # noqa: S311  # it spreads tries over time, it hides nothing


@dataclasses.dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that grow from ``first`` seconds by ``factor`` up to ``longest``.

    Each is shortened by up to ``jitter`` of itself, so that those who failed together do not come back together.
    """

    first: float = 0.05
    longest: float = 5.0
    factor: float = 2.0
    jitter: float = 0.25

    def __post_init__(self) -> None:
        for name in ("first", "longest", "factor", "jitter"):
            check_number(name, getattr(self, name), 0)

    def seconds(self, tries: int) -> float:
        """The wait after so many tries in a row, the first being 1."""
        steps = min(tries - 1, 64)  # beyond that a float overflows
        return min(self.longest, self.first * self.factor**steps) * (1 - self.jitter * _jitter.random())


@dataclasses.dataclass(frozen=True, slots=True)
class Retry:
    """How often to do something, and after which errors again.

    ``attempts`` counts all of them, the first included. After an error of ``on``, by default ``ConcurrencyError``, that
    is none of ``give_up_on`` the next one follows in ``backoff``; every other error, and that of the last attempt, is
    raised. An ``AfterCommitError``, also that of a transaction within, never leads to another attempt: what it is about
    is committed. Raises ``InvalidArgument`` for less than one attempt and for what is no class of errors.
    """

    attempts: int = 3
    backoff: Backoff = Backoff()
    on: tuple[type[Exception], ...] = (ConcurrencyError,)
    give_up_on: tuple[type[Exception], ...] = ()

    def __post_init__(self) -> None:
        """Check what was given."""
        if not isinstance(cast("Any", self.attempts), int) or self.attempts < 1:
            raise InvalidArgument("attempts", self.attempts, "give the number of all attempts, 1 at least")
        if not isinstance(cast("Any", self.backoff), Backoff):
            raise InvalidArgument("backoff", self.backoff, "give a cqrs.Backoff(first, longest)")
        for name in ("on", "give_up_on"):
            given: tuple[Any, ...] = getattr(self, name)
            if type(given) is not tuple or not all(isinstance(e, type) and issubclass(e, Exception) for e in given):
                raise InvalidArgument(name, getattr(self, name), "give a tuple of exception classes")

    def again_in(self, error: BaseException, attempts: int) -> float | None:
        """In how many seconds to try again after ``error`` ended so many ``attempts``; ``None`` for not at all."""
        reason = error.reason if isinstance(error, TransactionDoomed) else error
        if attempts >= self.attempts or isinstance(reason, AfterCommitError) or isinstance(error, self.give_up_on):
            return None
        return self.backoff.seconds(attempts) if isinstance(error, self.on) else None
