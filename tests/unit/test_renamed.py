"""Old names work for one release: they mean the new ones, and warn with them where the old one is written."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import warnings
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from cqrs import Backoff, ConcurrencyError, ConsumerPolicy, RelayPolicy, Retry, ZlibCompressor
from cqrs.errors import InvalidArgument
from cqrs.message_brokers import MemoryMessageBroker
from cqrs.message_brokers.compressed import CompressedBroker
from cqrs.message_brokers.protocol import Features
from cqrs.outbox.wakeups import LocalWakeUps
from cqrs.unit_of_work import MemoryUnitOfWork

if TYPE_CHECKING:
    from collections.abc import Callable

PAUSE = Backoff(first=1.0, longest=2.0)
CONSUMER = {
    "wait": ("receive_timeout", 0.25),
    "tries": ("attempts_in_batch", 7),
    "again": ("attempt_backoff", PAUSE),
    "retries": ("parked_retries", 8),
    "retry": ("parked_backoff", PAUSE),
    "outage": ("outage_backoff", PAUSE),
    "clean_every": ("cleanup_every", 9.0),
}
RELAY = {
    "retry": ("attempt_backoff", PAUSE),
    "idle": ("idle_backoff", PAUSE),
    "deaf": ("poll_when_unwoken", 0.5),
    "outage": ("outage_backoff", PAUSE),
    "keep": ("keep_sent_for", None),
    "housekeeping": ("cleanup_every", 9.0),
}
FEATURES = {"keeps_place": ("redelivers_in_order", True), "shared_in_order": ("ordered_across_members", True)}
FIELDS = [
    pytest.param(kind, old, new, value, id=f"{kind.__name__}.{old}")
    for kind, names in ((ConsumerPolicy, CONSUMER), (RelayPolicy, RELAY), (Features, FEATURES))
    for old, (new, value) in names.items()
]

CALLS: dict[str, tuple[str, Callable[[], Any]]] = {
    "largest": ("max_size", lambda: ZlibCompressor(**named(largest=10))),
    "at_least": ("min_size", lambda: CompressedBroker(MemoryMessageBroker(), ZlibCompressor(), **named(at_least=10))),
    "hears_all": ("single_process", lambda: LocalWakeUps(**named(hears_all=False))),
    "tries": ("attempts", lambda: Backoff().seconds(**named(tries=3))),
    "again_in": ("retry_in", lambda: old_method(Retry())(ConcurrencyError(), 1)),
}


def named(**arguments: Any) -> Any:
    """Arguments that type checkers do not know."""
    return arguments


def old_method(retry: Any) -> Any:
    """The old name of ``retry_in``, which type checkers do not know."""
    return retry.again_in


def warned(call: Callable[[], Any]) -> tuple[Any, str]:
    """What ``call`` returns, and the text of its one warning, which must point at this file."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    (warning,) = caught
    assert warning.category is DeprecationWarning
    assert warning.filename == __file__
    return result, str(warning.message)


@pytest.mark.parametrize(("kind", "old", "new", "value"), FIELDS)
def test_old_name_of_a_field_is_accepted_and_shown(kind: Any, old: str, new: str, value: Any) -> None:
    made, text = warned(lambda: kind(**{old: value}))
    assert made == kind(**{new: value})
    assert f"`{old}` is now called `{new}`" in text
    shown, text = warned(lambda: getattr(made, old))
    assert shown == value
    assert f"{kind.__name__}: `{old}` is now called `{new}`" in text


@pytest.mark.parametrize(("kind", "old", "new", "value"), FIELDS)
def test_both_names_of_a_field_are_refused(kind: Any, old: str, new: str, value: Any) -> None:
    with pytest.raises(InvalidArgument, match=f"{new}, its new name, is given too: leave {old} out"):
        kind(**{old: value, new: value})


@pytest.mark.parametrize(("kind", "old", "new", "value"), FIELDS)
def test_old_name_can_be_replaced(kind: Any, old: str, new: str, value: Any) -> None:
    changed, text = warned(lambda: dataclasses.replace(kind(), **{old: value}))
    assert changed == kind(**{new: value})
    assert f"`{new}`" in text


def test_warning_points_at_the_line_of_the_caller() -> None:
    def call() -> Any:
        return ConsumerPolicy(**named(tries=2))

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert [warning.lineno for warning in caught] == [call.__code__.co_firstlineno + 1]


def test_new_names_do_not_warn() -> None:
    policy = ConsumerPolicy(attempts_in_batch=2)
    assert dataclasses.replace(policy, attempts_in_batch=3).attempts_in_batch == 3
    assert pickle.loads(pickle.dumps(policy)) == copy.deepcopy(policy) == copy.copy(policy) == policy  # noqa: S301  # made here
    assert hash(policy) == hash(ConsumerPolicy(attempts_in_batch=2))


def test_only_new_names_are_fields_parameters_and_shown() -> None:
    for kind, names in ((ConsumerPolicy, CONSUMER), (RelayPolicy, RELAY), (Features, FEATURES)):
        fields = {field.name for field in dataclasses.fields(kind)}
        assert fields == inspect.signature(kind).parameters.keys()
        assert fields.isdisjoint(names)
        assert not any(f"{old}=" in repr(kind()).replace("(", " ").split(" ") for old in names)


def test_unknown_names_are_still_refused() -> None:
    with pytest.raises(TypeError, match="attempt_in_batch"):
        ConsumerPolicy(**named(attempt_in_batch=2))


@pytest.mark.parametrize("old", CALLS)
def test_old_name_of_a_parameter_or_method_works(old: str) -> None:
    new, call = CALLS[old]
    assert f"`{old}` is now called `{new}`" in warned(call)[1]


def test_old_name_of_a_parameter_has_its_effect() -> None:
    compressor = warned(lambda: ZlibCompressor(**named(largest=3)))[0]
    assert compressor.decompress(zlib.compress(b"abc")) == b"abc"
    assert compressor.__class__ is ZlibCompressor
    with pytest.raises(InvalidArgument, match="max_size, its new name, is given too"):
        ZlibCompressor(**named(largest=3, max_size=3))


def test_override_under_the_old_name_of_a_method_is_used() -> None:
    def define() -> Any:
        class Patient(Retry):
            def again_in(self, error: BaseException, attempts: int) -> float | None:
                return 42.0 if attempts < 9 else None

        return Patient

    patient, text = warned(define)
    assert "Patient: `again_in` is now called `retry_in`" in text
    assert patient().retry_in(ConcurrencyError(), 8) == patient().again_in(ConcurrencyError(), 8) == 42.0
    assert patient().retry_in(ConcurrencyError(), 9) is None


def test_override_of_a_unit_of_work_under_its_old_name_is_used() -> None:
    read: list[object] = []
    with pytest.warns(DeprecationWarning, match="Noting: `has_read` is now called `note_read`"):

        class Noting(MemoryUnitOfWork):
            def has_read(self, recorder: object) -> None:
                read.append(recorder)

    Noting().note_read("recorder")
    assert read == ["recorder"]


def test_override_under_the_old_name_can_call_the_method_of_the_base_class() -> None:
    base: Any = Retry

    def define() -> Any:
        class Twice(base):  # type: ignore[misc, valid-type, unused-ignore]
            def again_in(self, error: BaseException, attempts: int) -> Any:
                pause = super().again_in(error, attempts)
                return None if pause is None else 2 * pause

        return Twice

    twice = warned(define)[0](backoff=Backoff(first=1.0, jitter=0.0))
    assert warned(lambda: twice.retry_in(ConcurrencyError(), 1))[0] == 2.0


def test_override_under_the_new_name_of_a_method_is_called_by_the_old_one() -> None:
    class Patient(Retry):
        def retry_in(self, error: BaseException, attempts: int) -> float | None:
            return 42.0

    assert warned(lambda: old_method(Patient())(ConcurrencyError(), 1))[0] == 42.0


@pytest.mark.parametrize("slots", [False, True])
def test_default_of_a_subclass_under_the_old_name_of_a_field_is_used(*, slots: bool) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")

        @dataclasses.dataclass(frozen=True, kw_only=True, slots=slots)
        class Stubborn(ConsumerPolicy):
            shop: str = "main"
            retries: int = 99

    (warning,) = caught
    assert "Stubborn: `retries` is now called `parked_retries`" in str(warning.message)
    assert warning.filename == __file__
    assert Stubborn().parked_retries == 99
    assert Stubborn(parked_retries=3).parked_retries == 3
    assert warned(lambda: getattr(Stubborn(), "retries"))[0] == 99  # noqa: B009  # type checkers do not know it
    assert [field.name for field in dataclasses.fields(Stubborn)][-1] == "shop"
