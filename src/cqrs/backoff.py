"""How long to wait before the next attempt, and whether there is one."""

from __future__ import annotations

import dataclasses
import random
from typing import Any, cast

from cqrs._arguments import check_number
from cqrs._renamed import renamed_methods, renamed_parameters
from cqrs.errors.root import InvalidArgument
from cqrs.errors.transactions import AfterCommitError, ConcurrencyError, TransactionDoomed

_jitter = random.Random()  # noqa: S311  # it spreads attempts over time, nothing secret depends on it


@dataclasses.dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses between attempts: the first is ``first`` seconds, each next is ``factor`` times longer, up to ``longest``.

    Each is shortened at random by up to the fraction ``jitter`` of itself, so that workers that failed together do not
    try again together.
    """

    first: float = 0.05
    longest: float = 5.0
    factor: float = 2.0
    jitter: float = 0.25

    def __post_init__(self) -> None:
        for name in ("first", "longest", "factor", "jitter"):
            check_number(name, getattr(self, name), 0)

    @renamed_parameters("Backoff.seconds", tries="attempts")
    def seconds(self, attempts: int) -> float:
        """The pause after ``attempts`` failed attempts in a row, counted from 1, in seconds."""
        steps = min(attempts - 1, 64)  # beyond that a float overflows
        return min(self.longest, self.first * self.factor**steps) * (1 - self.jitter * _jitter.random())


@renamed_methods(again_in="retry_in")
@dataclasses.dataclass(frozen=True, slots=True)
class Retry:
    """How often to attempt something, and after which errors to attempt it again.

    ``attempts`` is the number of all attempts, the first included. An error of a type in ``on``, by default
    ``ConcurrencyError``, and of none in ``give_up_on`` leads to another attempt after a pause of ``backoff``. Every
    other error, and the error of the last attempt, is raised. An ``AfterCommitError``, also of a nested transaction,
    never leads to another attempt, because the work is committed already. Raises ``InvalidArgument`` for less than one
    attempt and for anything that is not an exception class.
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

    def retry_in(self, error: BaseException, attempts: int) -> float | None:
        """In how many seconds to try again after attempt number ``attempts`` raised ``error``; ``None`` for never."""
        reason = error.reason if isinstance(error, TransactionDoomed) else error
        if attempts >= self.attempts or isinstance(reason, AfterCommitError) or isinstance(error, self.give_up_on):
            return None
        return self.backoff.seconds(attempts) if isinstance(error, self.on) else None
