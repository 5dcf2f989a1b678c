"""Errors of the package survive copies, pickles and the way to another process."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from cqrs import errors
from tests.unit.errors.instances import INSTANCES, Payment, raised

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def through_pickle(protocol: int) -> Callable[[Any], Any]:
    return lambda error: pickle.loads(pickle.dumps(error, protocol))  # noqa: S301


WAYS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle {protocol}": through_pickle(protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)},
}


def shown(value: Any) -> Any:
    """``value``, comparable: errors are equal only to themselves."""
    if isinstance(value, BaseException):
        return type(value), str(value), {name: shown(v) for name, v in vars(value).items()}
    return tuple(map(shown, value)) if isinstance(value, tuple) else value


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", INSTANCES, ids=lambda kind: kind.__name__)
def test_an_error_keeps_its_text_attributes_cause_and_notes(kind: type[BaseException], way: str) -> None:
    error = copy.copy(INSTANCES[kind])
    error.__cause__ = KeyError("why")
    error.add_note("while paying")
    arrived = WAYS[way](error)
    assert arrived is not error
    assert shown(arrived) == shown(error)
    assert repr(arrived) == repr(error)
    assert arrived.__notes__ == ["while paying"]
    if isinstance(error, errors.CQRSError):
        assert shown(arrived.__cause__) == shown(error.__cause__)


def test_every_error_comes_back_from_a_process_pool() -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        futures = {kind: pool.submit(raised, kind) for kind in INSTANCES}
        back = {kind: future.exception(60) for kind, future in futures.items()}
    assert {kind: shown(error) for kind, error in back.items()} == {k: shown(e) for k, e in INSTANCES.items()}


@pytest.mark.parametrize("value", [threading.Lock(), lambda: None])
def test_an_attribute_that_cannot_be_pickled_arrives_as_its_text(value: object) -> None:
    error = errors.InvalidArgument("factory", (1, value), "give a class")
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert arrived.value == (1, repr(value))
    assert str(arrived) == str(error)
    assert (arrived.argument, arrived.remedy) == ("factory", "give a class")


def test_a_class_that_cannot_be_pickled_arrives_as_its_name() -> None:
    class Local:
        pass

    arrived = pickle.loads(pickle.dumps(errors.EventUnhandled(Local)))  # noqa: S301
    assert arrived.event_type == f"{__name__}.{Local.__qualname__}"


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy])
def test_a_copy_keeps_the_attribute_that_cannot_be_copied(way: Callable[[Any], Any]) -> None:
    lock = threading.Lock()
    error = errors.AfterCommitError([ValueError("no mail")], answer=(lock, [Payment(amount=1)]))
    copied = way(error)
    assert copied.answer[0] is lock
    assert copied.answer[1] == [Payment(amount=1)]
    assert (copied.answer[1] is error.answer[1]) == (way is copy.copy)  # type: ignore[index]


def test_a_note_on_a_copy_is_not_on_the_original() -> None:
    error = errors.LogBusy("relay")
    error.add_note("first")
    copy.copy(error).add_note("second")
    assert error.__notes__ == ["first"]


def test_a_cause_that_cannot_be_pickled_arrives_as_its_text() -> None:
    class Local(Exception):
        pass

    error = errors.BrokerUnavailable("Kafka", "away")
    error.__cause__ = Local("no route")
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert isinstance(arrived.__cause__, RuntimeError)
    assert str(arrived.__cause__).endswith("Local: no route")


def test_a_subclass_that_cannot_be_imported_arrives_as_its_base() -> None:
    class Mine(errors.MessageRejected):
        pass

    arrived = pickle.loads(pickle.dumps(Mine("Kafka", 7, "too large")))  # noqa: S301
    assert type(arrived) is errors.MessageRejected
    assert arrived.message_id == 7


PROGRAM = """
import pickle, sys
import cqrs
from cqrs import errors

class Pay(cqrs.Request):
    pass

class Late(errors.LogBusy):
    pass

def main():
    try:
        raise errors.RequestHandlerDoesNotExist(Pay, [Pay, int]) from Late("relay")
    except errors.CQRSError as error:
        pickle.dump(error, sys.stdout.buffer)

main()
"""


def test_an_error_about_a_class_of_another_programs_main_module_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    sent = subprocess.run([sys.executable, tmp_path / "program.py"], capture_output=True, check=True, timeout=60)
    arrived = pickle.loads(sent.stdout)  # noqa: S301
    assert type(arrived) is errors.RequestHandlerDoesNotExist
    assert str(arrived).startswith("No handler for Pay: bind one")
    assert arrived.request_type == "__main__.Pay"
    assert arrived.bound == ("__main__.Pay", int)
    assert type(arrived.__cause__) is errors.LogBusy
    assert arrived.__cause__.slot == "relay"
