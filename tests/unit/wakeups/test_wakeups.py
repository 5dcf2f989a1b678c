from __future__ import annotations

import asyncio
import threading

from cqrs.wakeups.local import Bell, LocalWakeUps
from cqrs.wakeups.protocol import NoWakeUps

SOON = 0.001
LATE = 60.0


async def test_a_hint_wakes_every_waiter() -> None:
    bell = Bell()
    mine, other = LocalWakeUps(bell), LocalWakeUps(bell)
    waits = [asyncio.create_task(who.wait(LATE)) for who in (mine, mine, other)]
    await asyncio.sleep(0)
    mine.announce()
    assert await asyncio.gather(*waits) == [True, True, True]
    assert not await mine.wait(SOON)


async def test_a_hint_without_a_waiter_is_kept_once() -> None:
    wakeups = LocalWakeUps()
    for _ in range(1000):
        wakeups.announce()
    assert await wakeups.wait(LATE)
    assert not await wakeups.wait(SOON)


async def test_without_a_hint_the_wait_ends_when_its_time_is_over() -> None:
    assert not await LocalWakeUps().wait(0)
    assert not await LocalWakeUps().wait(SOON)
    assert not await NoWakeUps().wait(SOON)


async def test_a_cancelled_wait_takes_no_hint_with_it() -> None:
    wakeups = LocalWakeUps()
    wait = asyncio.create_task(wakeups.wait(LATE))
    await asyncio.sleep(0)
    wakeups.announce()
    wait.cancel()
    await asyncio.wait([wait])
    assert await wakeups.wait(LATE)


async def test_a_commit_in_another_thread_wakes() -> None:
    wakeups = LocalWakeUps()
    wait = asyncio.create_task(wakeups.wait(LATE))
    await asyncio.sleep(0)
    thread = threading.Thread(target=wakeups.announce)
    thread.start()
    assert await wait
    thread.join()


async def test_only_wakeups_that_receive_every_commit_claim_it() -> None:
    assert LocalWakeUps().healthy
    assert not LocalWakeUps(single_process=False).healthy
    assert not NoWakeUps().healthy
