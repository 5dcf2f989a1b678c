"""How log lines describe errors, brokers, sources and databases."""

from __future__ import annotations

import traceback

from pydantic import ValidationError

from cqrs._messages.reading import without_input
from cqrs.errors.chain import all_in_traceback, chain
from cqrs.errors.messages import TRY_LATER, BrokerUnavailable
from cqrs.errors.root import CQRSError

_PYDANTIC_PATHS = ("/pydantic/", "\\pydantic\\")


def describe_error(error: BaseException | str | None) -> str:
    """``error`` for a log line, without the content of a message: the text of this package's errors, or else the repr.

    An error whose ``repr`` raises is described by its class.
    """
    if isinstance(error, str):
        return error
    if isinstance(error, CQRSError):
        text = str(error).removesuffix(".")
        # Workers try again by themselves.
        only_patience = isinstance(error, BrokerUnavailable) and error.remedy == TRY_LATER
        return text.removesuffix(f": {TRY_LATER}") if only_patience else text
    quoting = _validation_error(error)
    if quoting is not None:
        return f"{type(error).__qualname__}: {without_input(quoting)}"
    try:
        return repr(error)
    except Exception:  # noqa: BLE001  # it must not end a worker
        return type(error).__qualname__


def with_loggable_traceback(error: BaseException) -> BaseException | None:
    """``error`` for ``exc_info``; ``None`` if a pydantic error in its traceback would show the content of a message."""
    return error if _validation_error(error) is None else None


def raised_at(error: BaseException) -> str:
    """Function, file and line where ``error`` was raised, for a log line without its traceback."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not any(path in frame.filename for path in _PYDANTIC_PATHS)
    ]
    return f" (raised in {frames[-1].name}, {frames[-1].filename}:{frames[-1].lineno})" if frames else ""


def describe_broker(broker: object) -> str:
    """A broker or a source: its ``repr`` if it defines one, which has its address, or else its class."""
    defines_repr = type(broker).__repr__ is not object.__repr__
    return repr(broker) if defines_repr else type(broker).__qualname__


def describe_database(store: object) -> str:
    """The database of an outbox or inbox: its address without the password, if it has one, or else its class."""
    address = str(getattr(store, "database", ""))
    return f"the database {address if '://' in address else f'of {type(store).__qualname__}'}"


def _validation_error(error: BaseException | None) -> ValidationError | None:
    """The pydantic error that a traceback of ``error`` would show: it quotes the input that it could not validate."""
    if error is None:
        return None
    return next((one for one in chain(error, all_in_traceback) if isinstance(one, ValidationError)), None)
