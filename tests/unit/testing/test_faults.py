"""Failpoints are set by name, and a trace of a run becomes the failpoints that kill it at each point."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cqrs import _failpoints
from cqrs.errors import InvalidArgument
from cqrs.testing.faults import (
    POINTS,
    Failpoint,
    Fault,
    Passage,
    crash_matrix,
    failpoint,
    install,
    read_trace,
    trace,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = """
from cqrs._failpoints import reached
from cqrs.testing import faults
faults.install()
for point in ("outbox.claimed", "outbox.published", "outbox.claimed", "outbox.published"):
    reached(point)
"""


@pytest.fixture(autouse=True)
def _listener_is_removed() -> Iterator[None]:
    yield
    _failpoints.listen(None)


def test_an_unknown_point_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"^point='outbox\.sent': give one of .*outbox\.claimed.*\.$") as refused:
        Failpoint.parse("outbox.sent:1:kill")
    assert isinstance(refused.value, InvalidArgument)
    with pytest.raises(ValueError, match=r"outbox\.sent"), failpoint("outbox.sent"):
        pass


@pytest.mark.parametrize(
    "text", ["outbox.claimed", "outbox.claimed:x:kill", "outbox.claimed:0:kill", "outbox.claimed:1:go"]
)
def test_a_failpoint_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"give one of|write name|number from 1"):
        Failpoint.parse(text)


def test_a_failpoint_is_written_as_it_is_read() -> None:
    for point in POINTS:
        assert str(Failpoint.parse(f"{point}:2:stop")) == f"{point}:2:stop"


def test_an_unknown_point_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CQRS_FAILPOINT", "outbox.claimed:1:raise, outbox.sent:1:raise")
    with pytest.raises(InvalidArgument, match=r"outbox\.sent"):
        install()
    _failpoints.reached("outbox.claimed")  # nothing was set


def test_a_failpoint_raises_at_its_count_only_and_ends_with_its_block() -> None:
    with failpoint("outbox.claimed", 2):
        _failpoints.reached("outbox.claimed")
        _failpoints.reached("outbox.published")
        with pytest.raises(Fault, match=r"outbox\.claimed"):
            _failpoints.reached("outbox.claimed")
        _failpoints.reached("outbox.claimed")
    for _ in range(2):
        _failpoints.reached("outbox.claimed")


def test_a_trace_has_the_points_in_their_order_with_their_counts() -> None:
    with trace() as passages:
        for point in ("lease.acquired", "outbox.claimed", "lease.renewed", "outbox.claimed"):
            _failpoints.reached(point)
    _failpoints.reached("outbox.claimed")
    assert [(one.point, one.count) for one in passages] == [
        ("lease.acquired", 1),
        ("outbox.claimed", 1),
        ("lease.renewed", 1),
        ("outbox.claimed", 2),
    ]


def test_a_failpoint_within_a_trace_leaves_the_trace_as_it_was() -> None:
    with trace() as passages:
        with failpoint("outbox.claimed"), pytest.raises(Fault):
            _failpoints.reached("outbox.claimed")
        _failpoints.reached("outbox.claimed")
    assert passages == [Passage("outbox.claimed", 1)]


def test_a_crash_matrix_kills_once_at_each_point_and_count() -> None:
    passages = [Passage("outbox.claimed", 1), Passage("outbox.claimed", 2), Passage("outbox.claimed", 1)]
    assert list(map(str, crash_matrix(passages))) == ["outbox.claimed:1:kill", "outbox.claimed:2:kill"]


def _run(file: Path, failpoint: str = "") -> int:
    environment = {**os.environ, "CQRS_FAILPOINT": failpoint, "CQRS_FAILPOINT_TRACE": str(file)}
    return subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=False).returncode


@pytest.mark.slow
def test_a_process_is_killed_at_each_point_of_its_trace(tmp_path: Path) -> None:
    assert _run(tmp_path / "whole") == 0
    whole = read_trace(tmp_path / "whole")
    assert whole == [Passage(f"outbox.{name}", count) for count in (1, 2) for name in ("claimed", "published")]
    for number, one in enumerate(crash_matrix(whole), start=1):
        assert _run(tmp_path / str(one), str(one)) == -9
        assert read_trace(tmp_path / str(one)) == whole[:number]
