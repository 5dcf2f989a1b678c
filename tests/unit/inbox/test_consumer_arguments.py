"""What a consumer cannot work with it refuses when it is made, and does not wait for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cqrs.errors import InvalidArgument
from cqrs.unit_of_work.memory import MemoryUnitOfWork
from tests.unit.inbox.stand import Stand

if TYPE_CHECKING:
    from collections.abc import Callable


def needs_sessions(sessions: object) -> MemoryUnitOfWork:
    """As the class of a unit of work over sessions does."""
    del sessions
    return MemoryUnitOfWork()


@pytest.mark.parametrize("wrong", [MemoryUnitOfWork(), needs_sessions], ids=["one unit", "arguments"])
async def test_arguments_that_make_no_unit_of_work_are_refused(wrong: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"unit_of_work=.* a function without arguments"):
        Stand().consumer(unit_of_work=wrong)


async def opened_later() -> MemoryUnitOfWork:
    return MemoryUnitOfWork()


@pytest.mark.parametrize("fine", [MemoryUnitOfWork, lambda: MemoryUnitOfWork(), opened_later])  # noqa: PLW0108
async def test_each_kind_of_unit_of_work_factory_is_accepted(fine: Callable[[], Any]) -> None:
    stand = Stand()
    async with stand.running(unit_of_work=fine):
        await stand.send(1)
        await stand.until(1)
