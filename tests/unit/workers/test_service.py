from __future__ import annotations

import asyncio
import os
import signal

import pytest

from cqrs.workers.service import Service


class Idle(Service):
    """Does nothing until it ends; then it takes as long as ``may_end`` takes."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.began = asyncio.Event()
        self.ended = 0

    async def _work(self) -> None:
        self._ready.set()
        self.began.set()
        try:
            await self._ending.wait()
            await self.may_end.wait()
        finally:
            self.ended += 1


class BrokenAtTheEnd(Idle):
    async def _work(self) -> None:
        await super()._work()
        raise LookupError("nothing there")


class Broken(Service):
    async def _work(self) -> None:
        raise LookupError("nothing there")


async def test_an_error_in_the_work_ends_the_wait_for_the_start_and_is_raised_by_stop() -> None:
    service = Broken()
    await service.start()
    await service.started()
    with pytest.raises(LookupError):
        await service.stop()
    await service.stop()
    with pytest.raises(LookupError):
        await service.run()


async def test_two_stops_at_once_both_wait_and_both_tell_the_error() -> None:
    service = Idle()
    service.may_end.clear()
    await service.start()
    await service.started()
    stops = [asyncio.create_task(service.stop()) for _ in range(2)]
    done, _ = await asyncio.wait(stops, timeout=0)
    assert not done
    service.may_end.set()
    await asyncio.gather(*stops)
    assert service.ended == 1

    broken = BrokenAtTheEnd()
    await broken.start()
    await broken.began.wait()
    told = await asyncio.gather(broken.stop(), broken.stop(), return_exceptions=True)
    assert [type(error) for error in told] == [LookupError, LookupError]


async def test_a_second_stop_does_not_forget_what_was_started_after_the_first() -> None:
    service = Idle()
    await service.start()
    await service.started()

    async def restart() -> None:
        await service.stop()
        await service.start()

    await asyncio.gather(restart(), service.stop())
    assert service.is_running
    await service.stop()
    assert service.ended == 2


async def test_a_stop_that_is_cancelled_cancels_the_work_and_a_later_one_waits_for_it() -> None:
    service = Idle()
    service.may_end.clear()
    await service.start()
    await service.started()
    stop = asyncio.create_task(service.stop())
    await asyncio.sleep(0)
    stop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stop
    await service.stop()
    assert (service.ended, service.is_running) == (1, False)


async def test_a_caller_cancelled_while_the_worker_stops_stays_cancelled() -> None:
    service = Idle()
    await service.start()
    await service.started()
    went_on: list[bool] = []

    async def stop() -> None:
        await service.stop()
        went_on.append(True)

    stopping = asyncio.create_task(stop())
    assert service._task is not None
    service._task.add_done_callback(lambda _: stopping.cancel())  # the work is over, and it has not been notified yet
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert went_on == []
    await service.stop()


async def test_a_stop_right_after_the_start_ends_it() -> None:
    service = Idle()
    await service.start()
    await service.stop()
    assert not service.is_running
    await service.started()


async def test_a_wait_for_the_start_that_is_cancelled_leaves_no_task_behind() -> None:
    class Never(Idle):
        async def _work(self) -> None:
            await self._ending.wait()

    service = Never()
    await service.start()
    before = asyncio.all_tasks()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await service.started()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    await service.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_all_services_that_run_in_one_loop(number: signal.Signals) -> None:
    services = [Idle(), Idle()]
    runs = [asyncio.create_task(service.run()) for service in services]
    for service in services:
        await service.began.wait()
    os.kill(os.getpid(), number)
    async with asyncio.timeout(30):
        await asyncio.gather(*runs)
    assert [service.ended for service in services] == [1, 1]


async def test_one_service_that_ends_leaves_the_others_their_signals() -> None:
    first, second = Idle(), Idle()
    runs = [asyncio.create_task(service.run()) for service in (first, second)]
    for service in (first, second):
        await service.began.wait()
    await first.stop()
    await runs[0]
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(30):
        await runs[1]
    assert second.ended == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_handler_that_was_there_before_is_called_too_and_is_there_again(number: signal.Signals) -> None:
    told: list[int] = []

    def own(given: int, _: object) -> None:
        told.append(given)

    before = signal.signal(number, own)
    try:
        service = Idle()
        run = asyncio.create_task(service.run())
        await service.began.wait()
        os.kill(os.getpid(), number)
        async with asyncio.timeout(30):
            await run
        assert (told, signal.getsignal(number)) == ([number], own)
    finally:
        signal.signal(number, before)
