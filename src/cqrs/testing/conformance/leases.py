"""Test suite for stores of leases.

Subclass the suite and override its fixture:

    class TestMine(LeaseStoreConformance):
        @pytest.fixture
        def backend(self):
            return MyBackend()

``MyBackend`` implements :class:`LeaseBackend`.
"""
# ruff: noqa: S101, D102 - assert is how a suite checks, names state the behaviour
# ruff: noqa: PLR2004 - the numbers explain themselves next to what is counted
# ruff: noqa: ASYNC110 - no store has events

from __future__ import annotations

import asyncio
import datetime
import time
from typing import TYPE_CHECKING, Protocol, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Collection

    from cqrs.leases.protocol import Holding, LeaseStore

SCOPE = "work"
TTL = 60.0
LATER = TTL + 1
HOUR = 3_600.0


class LeaseBackend(Protocol):
    """Makes stores that all use the same leases, of which none is held at the start of a test."""

    def store(self) -> LeaseStore:
        """Make a store, as another worker would."""
        ...

    async def pass_time(self, seconds: float) -> None:
        """Advance the clock of the store by ``seconds``, or move all stored times back by as much.

        Between the calls, the clock runs by itself.
        """
        ...

    def statements(self) -> int:
        """The number of statements that the stores have sent so far; 0 if they send none."""
        ...


class _FenceRecord:
    """Records each fence that was given out, and the owners that got it."""

    def __init__(self) -> None:
        self.owners: dict[tuple[int, int], set[str]] = {}

    def note(self, owner: str, holding: Holding) -> None:
        for given in holding.fences.items():
            self.owners.setdefault(given, set()).add(owner)

    def given_twice(self) -> list[tuple[int, int]]:
        return [given for given, owners in self.owners.items() if len(owners) > 1]


class _DatetimeType(type):
    """Lets ``isinstance(value, datetime)`` be true for real times, too."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime.date) and hasattr(instance, "hour")


def shift_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Make ``time.time`` and ``datetime.now`` of this process wrong by ``seconds``."""
    real_time = time.time

    class Shifted(datetime.datetime, metaclass=_DatetimeType):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Self:
            return super().now(tz) + datetime.timedelta(seconds=seconds)

        @classmethod
        def utcnow(cls) -> Self:
            return super().now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(seconds=seconds)

    monkeypatch.setattr(time, "time", lambda: real_time() + seconds)
    monkeypatch.setattr(datetime, "datetime", Shifted)


async def keep(
    store: LeaseStore, owner: str, count: int = 1, *, giving_up: Collection[int] = (), scope: str = SCOPE
) -> Holding:
    """Call ``store.keep`` with the arguments that all tests here share."""
    return await store.keep(scope, owner, count=count, ttl=TTL, giving_up=giving_up)


@pytest.mark.asyncio
class LeaseStoreConformance:
    """Tests for a ``LeaseStore``; to run them, subclass this and override the fixture ``backend``.

    A back end that passes guarantees: a share has one holder at a time; a lease that is not renewed runs out by the
    clock of the store, not by that of a worker; the fence of a share grows each time it is given out anew; shares
    are divided fairly; the number of statements does not depend on the number of shares. ``keep`` may raise at a
    conflict; the test then repeats it.
    """

    @pytest.fixture
    def backend(self) -> LeaseBackend:
        raise NotImplementedError("Override the fixture `backend` with one that returns your back end.")

    @pytest.fixture
    def one(self, backend: LeaseBackend) -> LeaseStore:
        return backend.store()

    @pytest.fixture
    def other(self, backend: LeaseBackend) -> LeaseStore:
        return backend.store()

    # one holder at a time

    async def test_a_single_worker_gets_every_share_and_keeps_it_under_its_fence(self, one: LeaseStore) -> None:
        first = await keep(one, "a", 5)
        assert sorted(first.fences) == list(range(5))
        assert first.fair_share == 5
        assert await keep(one, "a", 5) == first

    async def test_a_held_share_is_given_to_no_other_worker(self, one: LeaseStore, other: LeaseStore) -> None:
        await keep(one, "a")
        assert (await keep(other, "b")).fences == {}
        assert list((await keep(one, "a")).fences) == [0]

    async def test_one_of_two_concurrent_callers_gets_the_lease(self, one: LeaseStore, other: LeaseStore) -> None:
        for number in range(20):
            scope = f"race {number}"
            held = await asyncio.gather(keep(one, "a", scope=scope), keep(other, "b", scope=scope))
            assert sorted(len(holding.fences) for holding in held) == [0, 1]

    async def test_a_renewed_lease_does_not_run_out(
        self, backend: LeaseBackend, one: LeaseStore, other: LeaseStore
    ) -> None:
        before = await keep(one, "a")
        for _ in range(3):
            await backend.pass_time(TTL * 0.6)
            assert (await keep(one, "a")).fences == before.fences
            assert (await keep(other, "b")).fences == {}

    async def test_scopes_and_owners_whose_names_look_alike_are_different(self, one: LeaseStore) -> None:
        for scope in ("work", "Work", "work ", "wörk"):
            holding = await keep(one, "a", 3, scope=scope)
            assert (len(holding.fences), holding.fair_share) == (3, 3)
        for owner in ("A", "a ", "á"):
            assert (await keep(one, owner, 3)).fences == {}
            await one.leave(SCOPE, owner)
        await one.leave("Work", "a")
        assert len((await keep(one, "a", 3)).fences) == 3
        assert (await keep(one, "b", 3)).fences == {}

    # time

    async def test_a_lease_that_is_not_renewed_runs_out(
        self, backend: LeaseBackend, one: LeaseStore, other: LeaseStore
    ) -> None:
        await keep(one, "a")
        await backend.pass_time(LATER)
        assert list((await keep(other, "b")).fences) == [0]

    async def test_a_lease_runs_out_by_itself(self, one: LeaseStore, other: LeaseStore) -> None:
        await one.keep(SCOPE, "a", count=1, ttl=0.05)
        async with asyncio.timeout(30):
            while not (await keep(other, "b")).fences:
                await asyncio.sleep(0.01)

    async def test_a_late_worker_cannot_renew_a_share_that_another_has_taken(
        self, backend: LeaseBackend, one: LeaseStore, other: LeaseStore
    ) -> None:
        await keep(one, "a")
        await backend.pass_time(LATER)
        taken = await keep(other, "b")
        assert (await keep(one, "a")).fences == {}
        await one.leave(SCOPE, "a")
        assert (await keep(one, "c")).fences == {}
        assert (await keep(other, "b")).fences == taken.fences

    async def test_a_late_worker_gets_back_shares_that_no_other_has_taken(
        self, backend: LeaseBackend, one: LeaseStore
    ) -> None:
        before = await keep(one, "a", 3)
        await backend.pass_time(LATER)
        after = await keep(one, "a", 3)
        assert all(after.fences[share] >= fence for share, fence in before.fences.items())
        await backend.pass_time(TTL * 0.6)
        assert (await keep(one, "b", 3)).fences == {}

    @pytest.mark.parametrize("seconds", [HOUR, -HOUR])
    async def test_the_clock_of_a_worker_has_no_effect(
        self, backend: LeaseBackend, one: LeaseStore, other: LeaseStore, seconds: float
    ) -> None:
        before = await keep(one, "a")
        with pytest.MonkeyPatch.context() as patch:
            shift_clock(patch, seconds)
            assert await keep(other, "b") == type(before)({}, 1)
            assert (await keep(other, "c", 2, scope="another")).fair_share == 2
        assert await keep(one, "a") == before
        assert (await keep(one, "d", 2, scope="another")) == type(before)({}, 1)
        await backend.pass_time(LATER)
        assert len((await keep(one, "d", 2, scope="another")).fences) == 2

    # fences

    async def test_a_fence_grows_whenever_its_share_changes_hands(
        self, backend: LeaseBackend, one: LeaseStore, other: LeaseStore
    ) -> None:
        async def left() -> None:
            await one.leave(SCOPE, "a")

        async def given_up() -> None:
            assert (await keep(one, "a", giving_up=[0])).fences == {}

        async def run_out() -> None:
            await backend.pass_time(LATER)

        last = 0
        for number, lose in enumerate([left, given_up, run_out, run_out, given_up, left]):
            mine = (await keep(one, "a")).fences[0]
            await lose()
            theirs = (await keep(other, f"b{number}")).fences[0]
            await other.leave(SCOPE, f"b{number}")
            assert last < mine < theirs
            last = theirs

    async def test_a_fence_grows_even_if_a_worker_gets_its_share_back(
        self, one: LeaseStore, backend: LeaseBackend
    ) -> None:
        first = (await keep(one, "a")).fences[0]
        await one.leave(SCOPE, "a")
        second = (await keep(one, "a")).fences[0]
        await keep(one, "a", giving_up=[0])
        third = (await keep(one, "a")).fences[0]
        await backend.pass_time(LATER)
        fourth = (await keep(one, "b")).fences[0]
        assert first < second < third < fourth

    async def test_a_fence_still_grows_after_a_month_without_workers(
        self, backend: LeaseBackend, one: LeaseStore, other: LeaseStore
    ) -> None:
        before = (await keep(one, "a")).fences[0]
        await backend.pass_time(30 * 24 * HOUR)
        assert (await keep(other, "b")).fences[0] > before

    # giving up

    async def test_shares_of_a_worker_that_left_are_free_at_once(self, one: LeaseStore, other: LeaseStore) -> None:
        await keep(one, "a", 4)
        await keep(other, "b", 4)
        await one.leave(SCOPE, "a")
        holding = await keep(other, "b", 4)
        assert (len(holding.fences), holding.fair_share) == (4, 4)
        await one.leave(SCOPE, "a")
        await one.leave(SCOPE, "unknown")
        assert await keep(other, "b", 4) == holding

    async def test_shares_given_up_are_free_at_once_and_not_taken_back_by_the_same_call(
        self, one: LeaseStore, other: LeaseStore
    ) -> None:
        await keep(one, "a", 4)
        assert sorted((await keep(one, "a", 4, giving_up=[1, 3])).fences) == [0, 2]
        assert sorted((await keep(other, "b", 4)).fences) == [1, 3]

    async def test_a_worker_gives_up_no_share_that_others_hold(self, one: LeaseStore, other: LeaseStore) -> None:
        mine = await keep(one, "a", 2)
        await keep(one, "b", 2)
        await keep(other, "b", 2, giving_up=[0, 1])
        assert (await keep(other, "c", 2)).fences == {}
        assert (await keep(one, "a", 2)).fences == mine.fences

    # fair shares

    async def test_shares_are_fair_when_workers_come_and_go(self, backend: LeaseBackend, one: LeaseStore) -> None:
        async def settle(*owners: str) -> dict[str, int]:
            for owner in owners:  # the shares given up here are taken in the next round at the latest
                await self._keep_fair_share(one, owner, 10)
            return {owner: await self._keep_fair_share(one, owner, 10) for owner in owners}

        assert await settle("a") == {"a": 10}
        assert await settle("a", "b") == {"a": 5, "b": 5}
        held = await settle("a", "b", "c")
        assert sorted(held.values()) in ([2, 4, 4], [3, 3, 4])  # ten cannot be divided by three
        await one.leave(SCOPE, "b")
        assert await settle("a", "c") == {"a": 5, "c": 5}
        await backend.pass_time(LATER)
        assert await settle("c") == {"c": 10}

    async def test_shares_beyond_the_fair_number_are_kept_until_given_up(
        self, one: LeaseStore, other: LeaseStore
    ) -> None:
        before = await keep(one, "a", 3)
        assert await keep(other, "b", 3) == type(before)({}, 2)
        assert await keep(one, "a", 3) == type(before)(before.fences, 2)

    async def test_no_worker_takes_more_than_its_fair_number(self, one: LeaseStore, other: LeaseStore) -> None:
        await keep(one, "a", 8)
        await keep(other, "b", 8)
        await keep(one, "a", 8, giving_up=range(8))
        assert len((await keep(other, "b", 8)).fences) == 4

    # many

    async def test_many_shares_cost_no_more_statements_than_few(self, backend: LeaseBackend, one: LeaseStore) -> None:
        costs: list[list[int]] = []
        for count in (4, 400):
            scope, before = f"of {count}", backend.statements()
            cost: list[int] = []
            for owner, giving_up in (("a", ()), ("a", ()), ("b", ()), ("a", range(count // 2)), ("b", ())):
                await keep(one, owner, count, giving_up=giving_up, scope=scope)
                cost.append(backend.statements() - before)
                before += cost[-1]
            await one.leave(scope, "b")
            costs.append([*cost, backend.statements() - before])
        assert costs[0] == costs[1]

    async def test_concurrent_workers_never_get_the_same_fence_of_a_share(self, backend: LeaseBackend) -> None:
        fences = _FenceRecord()

        async def work(number: int) -> None:
            owner, store = f"worker {number}", backend.store()
            for turn in range(8):
                await self._keep_despite_conflicts(store, owner, 16, fences, leaving=(turn + number) % 4 == 0)

        async with asyncio.timeout(120):
            await asyncio.gather(*(work(number) for number in range(8)))
        assert fences.given_twice() == []
        assert fences.owners

    async def test_workers_that_start_together_soon_hold_all_shares_and_the_same_number_each(
        self, backend: LeaseBackend
    ) -> None:
        fences, stores = _FenceRecord(), [backend.store() for _ in range(8)]

        async def work(number: int, giving_up: Collection[int] = ()) -> Holding:
            return await self._keep_despite_conflicts(
                stores[number], f"worker {number}", 16, fences, giving_up=giving_up
            )

        async with asyncio.timeout(120):
            held = await asyncio.gather(*(work(number) for number in range(8)))
            while [len(holding.fences) for holding in held] != [2] * 8:
                surplus = [sorted(holding.fences)[holding.fair_share :] for holding in held]
                held = await asyncio.gather(*(work(number, surplus[number]) for number in range(8)))
        assert sorted(share for holding in held for share in holding.fences) == list(range(16))
        assert fences.given_twice() == []

    @staticmethod
    async def _keep_fair_share(store: LeaseStore, owner: str, count: int) -> int:
        """Keep, and give up the shares above the fair number; returns how many are held afterwards."""
        holding = await keep(store, owner, count)
        surplus = sorted(holding.fences)[holding.fair_share :]
        return len((await keep(store, owner, count, giving_up=surplus)).fences)

    @staticmethod
    async def _keep_despite_conflicts(  # noqa: PLR0913  # the arguments of keep, and a record
        store: LeaseStore,
        owner: str,
        count: int,
        fences: _FenceRecord,
        giving_up: Collection[int] = (),
        *,
        leaving: bool = False,
    ) -> Holding:
        """Call ``keep``, and repeat it after a conflict with another worker, which has changed nothing."""
        while True:
            try:
                holding = await keep(store, owner, count, giving_up=giving_up)
                fences.note(owner, holding)
                if leaving:
                    await store.leave(SCOPE, owner)
            except Exception:  # noqa: BLE001, S112  # a conflict; its type depends on the store
                continue
            return holding
