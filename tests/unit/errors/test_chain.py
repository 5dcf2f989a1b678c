"""The errors behind an error are found, each once, also if they refer to each other."""

from __future__ import annotations

import pytest

from cqrs.errors.chain import all_in_traceback, cause, cause_or_context, chain


def raised_from(error: BaseException, reason: BaseException) -> BaseException:
    error.__cause__ = reason
    return error


def test_a_circle_of_causes_ends() -> None:
    first, second = ValueError("first"), KeyError("second")
    raised_from(raised_from(first, second).__cause__ or first, first)
    assert list(chain(first, cause)) == [first, second]


def test_a_context_counts_only_without_a_cause() -> None:
    outer, reason, handled = ValueError("outer"), KeyError("reason"), OSError("handled")
    outer.__context__ = handled
    assert list(chain(outer, cause)) == [outer]
    assert list(chain(outer, cause_or_context)) == [outer, handled]
    raised_from(outer, reason)
    assert list(chain(outer, cause_or_context)) == [outer, reason]
    assert list(chain(outer, all_in_traceback)) == [outer, reason, handled]


def test_the_errors_of_a_group_are_shown_in_its_traceback() -> None:
    inner = raised_from(ValueError("inner"), KeyError("reason"))
    group = BaseExceptionGroup("group", [inner])
    assert list(chain(group, all_in_traceback)) == [group, inner, inner.__cause__]


def test_errors_that_were_seen_are_left_out_with_those_behind_them() -> None:
    reason = KeyError("reason")
    outer = raised_from(ValueError("outer"), reason)
    seen = {id(reason)}
    assert list(chain(outer, cause, seen)) == [outer]
    assert seen == {id(reason), id(outer)}


@pytest.mark.parametrize("behind", [cause, cause_or_context, all_in_traceback])
def test_an_error_without_others_is_alone(behind: object) -> None:
    error = ValueError("alone")
    assert list(chain(error, behind)) == [error]  # type: ignore[arg-type]
