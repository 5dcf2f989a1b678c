"""How the log shows what a worker meets: errors, brokers and sources, databases."""

from __future__ import annotations

import traceback

from pydantic import ValidationError

from cqrs._messages.reading import without_input
from cqrs.errors.chain import all_in_traceback, chain
from cqrs.errors.messages import TRY_LATER, BrokerUnavailable
from cqrs.errors.root import CQRSError

_OF_PYDANTIC = ("/pydantic/", "\\pydantic\\")


def told(error: BaseException | None) -> str:
    """``error`` for a log line, without the content of a message: its text where that is written for people."""
    if isinstance(error, CQRSError):
        text = str(error).removesuffix(".")
        # To try later is what workers do by themselves.
        patient = isinstance(error, BrokerUnavailable) and error.remedy == TRY_LATER
        return text.removesuffix(f": {TRY_LATER}") if patient else text
    quoting = _quoting(error)
    if quoting is not None:
        return f"{type(error).__qualname__}: {without_input(quoting)}"
    try:
        return repr(error)
    except Exception:  # noqa: BLE001  # an error that cannot say what it is must not end a worker
        return type(error).__qualname__


def with_traceback(error: BaseException) -> BaseException | None:
    """``error``, if its traceback can be logged: that of pydantic would show the content of a message."""
    return error if _quoting(error) is None else None


def raised_at(error: BaseException) -> str:
    """Where ``error`` was raised, for a log line that stands without its traceback."""
    every = traceback.extract_tb(error.__traceback__)
    frames = [one for one in every if not any(part in one.filename for part in _OF_PYDANTIC)]
    return f" (raised in {frames[-1].name}, {frames[-1].filename}:{frames[-1].lineno})" if frames else ""


def place(carrier: object) -> str:
    """A broker or a source for people, with its address if it tells that."""
    of_its_own = type(carrier).__repr__ is not object.__repr__
    return repr(carrier) if of_its_own else type(carrier).__qualname__


def database_of(store: object) -> str:
    """The database of an outbox or inbox for people, with its address, which is without its password."""
    address = str(getattr(store, "database", ""))
    return f"the database {address if '://' in address else f'of {type(store).__qualname__}'}"


def _quoting(error: BaseException | None) -> ValidationError | None:
    """The error of pydantic that ``error`` is, or would show: it quotes what it could not validate."""
    if error is None:
        return None
    return next((one for one in chain(error, all_in_traceback) if isinstance(one, ValidationError)), None)
