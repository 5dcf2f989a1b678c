from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cqrs.circuit_breaker.breaker import AioBreakerAdapter
from cqrs.errors import CircuitBreakerSettingsError, WiringError
from cqrs.testing.clock import ManualClock


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fail_max", 0),
        ("fail_max", -1),
        ("fail_max", 2.5),
        ("fail_max", True),
        ("fail_max", "5"),
        ("timeout_duration", 0),
        ("timeout_duration", -1),
        ("timeout_duration", "60"),
        ("timeout_duration", None),
        ("timeout_duration", True),
        ("timeout_duration", float("inf")),
        ("timeout_duration", float("nan")),
        ("timeout_duration", timedelta()),
        ("exclude", ["ValueError"]),
        ("exclude", [ValueError()]),
        ("exclude", [KeyboardInterrupt]),
        ("exclude", 5),
        ("storage_factory", "redis://localhost"),
        ("probe_lease", 0),
        ("storage_timeout", 0),
        ("storage_timeout", None),
    ],
)
def test_a_setting_that_cannot_work_is_refused_by_name(setting: str, value: Any) -> None:
    with pytest.raises(CircuitBreakerSettingsError) as refused:
        AioBreakerAdapter(**{setting: value})
    assert [problem.subject for problem in refused.value.problems] == [setting]
    assert "Pass " in str(refused.value)


def test_all_mistakes_are_reported_at_once() -> None:
    exclude: Any = ["ValueError"]
    with pytest.raises(WiringError) as refused:
        AioBreakerAdapter(fail_max=0, timeout_duration=-1, exclude=exclude)
    assert [problem.subject for problem in refused.value.problems] == ["fail_max", "timeout_duration", "exclude"]


def test_a_bad_setting_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="fail_max: 0 is not a number of failures"):
        AioBreakerAdapter(fail_max=0)


def test_settings_may_be_given_by_position() -> None:
    AioBreakerAdapter(5, 60, [ValueError], None)


def test_a_clock_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        ManualClock().advance(-1)
