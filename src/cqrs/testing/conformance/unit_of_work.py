"""Test suite for units of work.

Subclass the suite and override its fixture:

    class TestMine(UnitOfWorkConformance):
        @pytest.fixture
        def backend(self):
            return MyBackend()

``MyBackend`` implements :class:`UnitOfWorkBackend`.
"""
# ruff: noqa: S101, D102, PT012 - assert is how a suite checks, names state the behaviour, a transaction is what fails

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from cqrs.errors.transactions import (
    AfterCommitError,
    OtherTask,
    TransactionDoomed,
    TransactionEnded,
    UnitOfWorkStateError,
)
from cqrs.middlewares.transaction import TransactionMiddleware
from cqrs.testing.conformance._errors import Deliberate
from cqrs.unit_of_work.stack import current_unit_of_work

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from cqrs.unit_of_work.protocol import UnitOfWork


class UnitOfWorkBackend(Protocol):
    """Makes units of work over one store, which is empty at the start of a test, and reads what is committed in it."""

    def unit_of_work(self) -> UnitOfWork:
        """Make a unit of work that is not open yet."""
        ...

    async def write(self, unit: UnitOfWork, number: int) -> None:
        """Write ``number`` through the session of ``unit``."""
        ...

    async def written(self) -> list[int]:
        """All committed numbers in ascending order, read outside of any unit of work."""
        ...

    async def break_commit(self, unit: UnitOfWork) -> None:
        """Make the next commit of ``unit`` fail, for example by ending its connection."""
        ...


@pytest.mark.asyncio
class UnitOfWorkConformance:
    """Tests for a ``UnitOfWork``; to run them, subclass this and override the fixture ``backend``.

    A back end that passes guarantees: a block is committed as a whole or rolled back as a whole; a savepoint is
    rolled back alone; callbacks run in order before and after the commit; only the task that opened a unit of work
    can use it, and only while it is open; ``TransactionMiddleware`` opens one for each turn.
    """

    @pytest.fixture
    def backend(self) -> UnitOfWorkBackend:
        raise NotImplementedError("Override the fixture `backend` with one that returns your back end.")

    @pytest.fixture
    def called(self) -> list[str]:
        return []

    async def test_a_unit_of_work_is_committed_at_the_end_of_its_block(self, backend: UnitOfWorkBackend) -> None:
        async with backend.unit_of_work() as unit:
            await backend.write(unit, 1)
            await backend.write(unit, 2)
        assert await backend.written() == [1, 2]

    async def test_an_error_rolls_back_everything(self, backend: UnitOfWorkBackend) -> None:
        with pytest.raises(Deliberate):
            async with backend.unit_of_work() as unit:
                await backend.write(unit, 1)
                raise Deliberate
        assert await backend.written() == []

    async def test_a_cancelled_task_rolls_back_everything(self, backend: UnitOfWorkBackend) -> None:
        written = asyncio.Event()

        async def work() -> None:
            async with backend.unit_of_work() as unit:
                await backend.write(unit, 1)
                written.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await written.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await backend.written() == []

    async def test_rollback_undoes_everything(self, backend: UnitOfWorkBackend) -> None:
        async with backend.unit_of_work() as unit:
            await backend.write(unit, 1)
            await unit.rollback()
        assert await backend.written() == []

    async def test_an_explicit_commit_is_kept_although_an_error_follows(self, backend: UnitOfWorkBackend) -> None:
        with pytest.raises(Deliberate):
            async with backend.unit_of_work() as unit:
                await backend.write(unit, 1)
                await unit.commit()
                raise Deliberate
        assert await backend.written() == [1]

    async def test_use_before_the_start_or_after_the_end_raises(self, backend: UnitOfWorkBackend) -> None:
        unit = backend.unit_of_work()
        with pytest.raises(UnitOfWorkStateError):
            await unit.commit()
        async with unit:
            await unit.commit()
            assert not unit.is_open
            assert current_unit_of_work() is None
            for use in (unit.commit, unit.rollback):
                with pytest.raises(UnitOfWorkStateError):
                    await use()
            with pytest.raises(UnitOfWorkStateError):
                assert unit.session

    async def test_code_within_the_block_finds_the_open_unit_of_work(self, backend: UnitOfWorkBackend) -> None:
        assert current_unit_of_work() is None
        async with backend.unit_of_work() as unit:
            assert current_unit_of_work() is unit
        assert current_unit_of_work() is None

    async def test_concurrent_tasks_have_separate_units_of_work(self, backend: UnitOfWorkBackend) -> None:
        async def work(number: int) -> None:
            async with backend.unit_of_work() as unit:
                await backend.write(unit, number)
                assert current_unit_of_work() is unit
                if number % 2:
                    await unit.rollback()

        await asyncio.gather(*(work(number) for number in range(6)))
        assert await backend.written() == [0, 2, 4]

    async def test_a_rolled_back_savepoint_undoes_only_what_was_done_within(
        self, backend: UnitOfWorkBackend, called: list[str]
    ) -> None:
        async with backend.unit_of_work() as unit:
            with pytest.raises(Deliberate):
                async with unit.savepoint():
                    await backend.write(unit, 1)
                    self._after_commit(unit, called, "undone")
                    raise Deliberate
            async with unit.savepoint():
                await backend.write(unit, 2)
                self._after_commit(unit, called, "kept")
            await backend.write(unit, 3)
        assert await backend.written() == [2, 3]
        assert called == ["kept"]

    async def test_a_completed_savepoint_is_undone_with_the_surrounding_transaction(
        self, backend: UnitOfWorkBackend, called: list[str]
    ) -> None:
        with pytest.raises(Deliberate):
            async with backend.unit_of_work() as unit:
                async with unit.savepoint():
                    await backend.write(unit, 1)
                    self._after_commit(unit, called, "undone")
                raise Deliberate
        async with backend.unit_of_work() as unit:
            with pytest.raises(Deliberate):
                async with unit.savepoint():
                    async with unit.savepoint():
                        await backend.write(unit, 2)
                        self._after_commit(unit, called, "undone too")
                    raise Deliberate
        assert await backend.written() == []
        assert called == []

    async def test_callbacks_after_the_commit_run_in_order(self, backend: UnitOfWorkBackend, called: list[str]) -> None:
        async with backend.unit_of_work() as unit:
            await backend.write(unit, 1)

            async def read() -> None:
                called.append(f"{await backend.written()} and {current_unit_of_work()}")

            unit.after_commit(read)
            self._after_commit(unit, called, "second")
            assert called == []
        assert called == ["[1] and None", "second"]

    async def test_a_failing_callback_after_the_commit_raises_and_the_others_still_run(
        self, backend: UnitOfWorkBackend, called: list[str]
    ) -> None:
        async def fail() -> None:
            raise Deliberate

        with pytest.raises(AfterCommitError) as caught:
            async with backend.unit_of_work() as unit:
                await backend.write(unit, 1)
                unit.after_commit(fail)
                self._after_commit(unit, called, "second")
        assert [type(error) for error in caught.value.errors] == [Deliberate]
        assert called == ["second"]
        assert await backend.written() == [1]

    async def test_callbacks_after_the_commit_do_not_run_after_a_rollback(
        self, backend: UnitOfWorkBackend, called: list[str]
    ) -> None:
        with pytest.raises(Deliberate):
            async with backend.unit_of_work() as unit:
                self._after_commit(unit, called, "never")
                raise Deliberate
        assert called == []

    async def test_a_failing_commit_raises_and_writes_nothing(
        self, backend: UnitOfWorkBackend, called: list[str]
    ) -> None:
        broken = False
        with pytest.raises(Exception):  # noqa: B017, PT011  # the error type depends on the database
            async with backend.unit_of_work() as unit:
                await backend.write(unit, 1)
                self._after_commit(unit, called, "never")
                await backend.break_commit(unit)
                broken = True
        assert broken
        assert called == []
        assert await backend.written() == []
        async with backend.unit_of_work() as unit:
            await backend.write(unit, 2)
        assert await backend.written() == [2]

    async def test_an_open_unit_of_work_cannot_be_opened_again(self, backend: UnitOfWorkBackend) -> None:
        async with backend.unit_of_work() as unit:
            await backend.write(unit, 1)
            with pytest.raises(UnitOfWorkStateError):
                async with unit:
                    pytest.fail("an open unit of work was opened again")
            assert current_unit_of_work() is unit
        assert await backend.written() == [1]

    async def test_another_task_cannot_use_an_open_unit_of_work(self, backend: UnitOfWorkBackend) -> None:
        async with backend.unit_of_work() as unit:
            await backend.write(unit, 1)
            with pytest.raises(OtherTask):
                await asyncio.create_task(backend.write(unit, 2))
            await backend.write(unit, 3)
        assert await backend.written() == [1, 3]

    async def test_a_task_that_outlives_the_transaction_cannot_write(self, backend: UnitOfWorkBackend) -> None:
        ended = asyncio.Event()

        async def late() -> None:
            await ended.wait()
            await backend.write(unit, 2)

        async with backend.unit_of_work() as unit:
            await backend.write(unit, 1)
            task = asyncio.create_task(late())
        ended.set()
        with pytest.raises(TransactionEnded):
            await task
        assert await backend.written() == [1]

    async def test_callbacks_before_the_commit_may_write_and_run_in_order(
        self, backend: UnitOfWorkBackend, called: list[str]
    ) -> None:
        async with backend.unit_of_work() as unit:
            await backend.write(unit, 1)

            async def write() -> None:
                called.append(f"within it: {current_unit_of_work() is unit}")
                await backend.write(unit, 2)
                self._before_commit(unit, called, "third")

            unit.before_commit(write)
            self._before_commit(unit, called, "second")
            self._after_commit(unit, called, "after")
            assert called == []
        assert called == ["within it: True", "second", "third", "after"]
        assert await backend.written() == [1, 2]

    async def test_a_failing_callback_before_the_commit_rolls_back_everything(
        self, backend: UnitOfWorkBackend, called: list[str]
    ) -> None:
        async def fail() -> None:
            raise Deliberate

        with pytest.raises(Deliberate):
            async with backend.unit_of_work() as unit:
                await backend.write(unit, 1)
                unit.before_commit(fail)
                self._before_commit(unit, called, "never")
                self._after_commit(unit, called, "never")
        assert called == []
        assert await backend.written() == []

    async def test_a_rolled_back_savepoint_drops_its_callbacks_before_the_commit(
        self, backend: UnitOfWorkBackend, called: list[str]
    ) -> None:
        async with backend.unit_of_work() as unit:
            await backend.write(unit, 1)
            with pytest.raises(Deliberate):
                async with unit.savepoint():
                    self._before_commit(unit, called, "undone")
                    raise Deliberate
            async with unit.savepoint():
                self._before_commit(unit, called, "kept")
        assert called == ["kept"]

    async def test_changes_of_info_are_undone_with_their_savepoint(self, backend: UnitOfWorkBackend) -> None:
        async with backend.unit_of_work() as unit:
            unit.info.update(changed="before", deleted="before")
            with pytest.raises(Deliberate):
                async with unit.savepoint():
                    unit.info.update(changed="within", added="within")
                    async with unit.savepoint():
                        unit.info["changed"] = "further within"
                    del unit.info["deleted"]
                    raise Deliberate
            assert dict(unit.info) == {"changed": "before", "deleted": "before"}
            async with unit.savepoint():
                unit.info["changed"] = "kept"
            assert unit.info["changed"] == "kept"

    async def test_each_unit_of_work_begins_with_empty_info(self, backend: UnitOfWorkBackend) -> None:
        async with backend.unit_of_work() as unit:
            unit.info["key"] = "value"
        async with backend.unit_of_work() as unit:
            assert dict(unit.info) == {}

    async def test_a_held_transaction_cannot_be_ended_from_within(self, backend: UnitOfWorkBackend) -> None:
        async with backend.unit_of_work() as unit:
            with unit.held():
                await backend.write(unit, 1)
                for end in (unit.commit, unit.rollback):
                    with pytest.raises(UnitOfWorkStateError):
                        await end()
        assert await backend.written() == [1]

    async def test_a_doomed_unit_of_work_commits_nothing(self, backend: UnitOfWorkBackend, called: list[str]) -> None:
        with pytest.raises(TransactionDoomed) as caught:
            async with backend.unit_of_work() as unit:
                await backend.write(unit, 1)
                self._after_commit(unit, called, "never")
                unit.doom(Deliberate())
        assert isinstance(caught.value.reason, Deliberate)
        assert called == []
        assert await backend.written() == []

    async def test_the_middleware_rolls_back_only_a_nested_turn_whose_error_is_caught(
        self, backend: UnitOfWorkBackend
    ) -> None:
        transaction = TransactionMiddleware(backend.unit_of_work)

        async def outer(request: Any) -> None:
            for number in (request, request + 1):  # as the first statement of the transaction, and as a later one
                with pytest.raises(Deliberate):
                    await transaction(number, self._writing(backend, fails=True))
                await transaction(number, self._writing(backend))

        await transaction(1, outer)
        assert await backend.written() == [1, 2]

    async def test_a_failed_turn_dooms_its_whole_batch_although_the_error_is_caught(
        self, backend: UnitOfWorkBackend
    ) -> None:
        transaction = TransactionMiddleware(backend.unit_of_work)
        with pytest.raises(TransactionDoomed):
            async with backend.unit_of_work() as unit:
                with unit.held(whole_batch=True):
                    await transaction(1, self._writing(backend))
                    with pytest.raises(Deliberate):
                        await transaction(2, self._writing(backend, fails=True))
        assert await backend.written() == []

    async def test_a_failed_nested_turn_of_a_whole_batch_is_rolled_back_alone(self, backend: UnitOfWorkBackend) -> None:
        transaction = TransactionMiddleware(backend.unit_of_work)

        async def outer(request: Any) -> None:
            await self._writing(backend)(request)
            with pytest.raises(Deliberate):
                await transaction(request + 1, self._writing(backend, fails=True))

        async with backend.unit_of_work() as unit:
            with unit.held(whole_batch=True):
                await transaction(1, outer)
        assert await backend.written() == [1]

    async def test_the_error_of_a_callback_after_the_commit_carries_the_answer_of_the_handler(
        self, backend: UnitOfWorkBackend
    ) -> None:
        async def fail() -> None:
            raise Deliberate

        async def turn(request: Any) -> str:
            await self._writing(backend)(request)
            unit = current_unit_of_work()
            assert unit is not None
            unit.after_commit(fail)
            return "answer"

        with pytest.raises(AfterCommitError) as caught:
            await TransactionMiddleware(backend.unit_of_work)(1, turn)
        assert caught.value.answer == "answer"
        assert await backend.written() == [1]

    async def test_the_middleware_opens_a_unit_of_work_and_nested_turns_join_it(
        self, backend: UnitOfWorkBackend
    ) -> None:
        transaction = TransactionMiddleware(backend.unit_of_work)
        seen: list[UnitOfWork | None] = []

        async def inner(request: Any) -> str:
            unit = current_unit_of_work()
            seen.append(unit)
            assert unit is not None
            await backend.write(unit, request)
            return "answer"

        async def outer(request: Any) -> str:
            await inner(request)
            answer: str = await transaction(request + 1, inner)
            return answer

        assert await transaction(1, outer) == "answer"
        assert seen[0] is seen[1]
        assert await backend.written() == [1, 2]

    async def test_the_middleware_rolls_back_a_turn_that_fails(self, backend: UnitOfWorkBackend) -> None:
        async def turn(request: Any) -> None:
            unit = current_unit_of_work()
            assert unit is not None
            await backend.write(unit, request)
            raise Deliberate

        with pytest.raises(Deliberate):
            await TransactionMiddleware(backend.unit_of_work)(1, turn)
        assert await backend.written() == []

    @staticmethod
    def _writing(backend: UnitOfWorkBackend, *, fails: bool = False) -> Callable[[Any], Coroutine[Any, Any, None]]:
        """A handler that writes the number of its request, and then raises ``Deliberate`` if ``fails``."""

        async def turn(request: Any) -> None:
            unit = current_unit_of_work()
            assert unit is not None
            await backend.write(unit, request)
            if fails:
                raise Deliberate

        return turn

    @staticmethod
    def _before_commit(unit: UnitOfWork, called: list[str], word: str) -> None:
        async def call() -> None:
            called.append(word)

        unit.before_commit(call)

    @staticmethod
    def _after_commit(unit: UnitOfWork, called: list[str], word: str) -> None:
        async def call() -> None:
            called.append(word)

        unit.after_commit(call)
