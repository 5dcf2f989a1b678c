"""A breaker under any order of calls, results, cancellations and waits follows a page of plain rules."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from cqrs.circuit_breaker.breaker import AioBreakerAdapter
from cqrs.errors import CircuitOpenError
from cqrs.testing.clock import ManualClock

FAIL_MAX, TIMEOUT, LEASE = 3, 10, 15


class Excluded(Exception):
    pass


@dataclass(eq=False)
class Call:
    task: asyncio.Task[Any]
    end: asyncio.Future[Any]


class Rules:
    """The breaker as its documentation describes it. ``counted`` holds the calls whose end still matters."""

    def __init__(self) -> None:
        self.state = "closed"
        self.streak = 0
        self.since = 0
        self.counted: set[Call] = set()

    def lets_through(self, now: int) -> bool:
        if self.state == "open":
            return now >= self.since + TIMEOUT
        return self.state == "closed" or not self.counted or now >= self.since + LEASE

    def started(self, call: Call, now: int) -> None:
        if self.state != "closed":
            self._become("probing", now)
        self.counted.add(call)

    def ended(self, call: Call, result: str, now: int) -> None:
        if call not in self.counted:
            return
        self.counted.remove(call)
        if result == "cancelled":
            return
        self.streak = self.streak + 1 if result == "failed" else 0
        if self.streak >= (FAIL_MAX if self.state == "closed" else 1):
            self._become("open", now)
        elif self.state == "probing":
            self._become("closed", now)

    def _become(self, state: str, now: int) -> None:
        self.state, self.since, self.streak = state, now, 0
        self.counted = set()


async def ended(task: asyncio.Task[Any]) -> None:
    await asyncio.gather(task, return_exceptions=True)


class BreakerFollowsTheRules(RuleBasedStateMachine):
    calls: Bundle[Call] = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock()
        self.model = Rules()
        self.running: set[Call] = set()
        self.breaker = AioBreakerAdapter(
            fail_max=FAIL_MAX, timeout_duration=TIMEOUT, exclude=[Excluded], probe_lease=LEASE, clock=self.clock
        )

    def teardown(self) -> None:
        for call in self.running:
            call.task.cancel()
            self.loop.run_until_complete(ended(call.task))
        self.loop.close()

    @property
    def now(self) -> int:
        return int(self.clock())

    @rule(target=calls)
    def start(self) -> Any:
        expected = self.model.lets_through(self.now)
        end: asyncio.Future[Any] = self.loop.create_future()
        reached = False

        async def service() -> Any:
            nonlocal reached
            reached = True
            return await end

        call = Call(self.loop.create_task(self.breaker.call("x", service)), end)
        self.loop.run_until_complete(asyncio.sleep(0))
        assert reached == expected
        if not reached:
            assert isinstance(call.task.exception(), CircuitOpenError)
        else:
            self.model.started(call, self.now)
            self.running.add(call)
        return call

    @rule(call=consumes(calls), result=st.sampled_from(["done", "failed", "excluded", "cancelled"]))
    def end(self, call: Call, result: str) -> None:
        if call not in self.running:
            return
        self.running.remove(call)
        if result == "done":
            call.end.set_result(None)
        elif result == "cancelled":
            call.task.cancel()
        else:
            call.end.set_exception(ConnectionError() if result == "failed" else Excluded())
        self.loop.run_until_complete(ended(call.task))
        self.model.ended(call, result, self.now)

    @rule(seconds=st.sampled_from([1, TIMEOUT - 1, TIMEOUT, LEASE]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @invariant()
    def at_most_one_probe_counts(self) -> None:
        assert self.model.state == "closed" or len(self.model.counted) <= 1


BreakerFollowsTheRules.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestBreakerFollowsTheRules = BreakerFollowsTheRules.TestCase
