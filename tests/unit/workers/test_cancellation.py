"""Whether a task was cancelled is known, and tasks that are cancelled are waited for."""

from __future__ import annotations

import asyncio

from cqrs._tasks.cancellation import cancel_and_wait, is_cancelled


async def test_a_cancelled_future_does_not_count_as_a_cancelled_task() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel()
    try:
        await future
    except asyncio.CancelledError:
        assert not is_cancelled()
    else:
        raise AssertionError


async def test_a_cancelled_task_is_waited_for_until_it_has_cleaned_up() -> None:
    seen: list[bool] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            seen.append(is_cancelled())

    async def ends_with_an_error() -> None:
        raise ValueError

    tasks = [asyncio.create_task(work()), asyncio.create_task(ends_with_an_error())]
    await asyncio.sleep(0)
    await cancel_and_wait(tasks)
    assert [seen, tasks[0].cancelled(), type(tasks[1].exception())] == [[True], True, ValueError]
    await cancel_and_wait(tasks)  # nothing is left to wait for
