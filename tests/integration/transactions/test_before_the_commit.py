"""``before_commit`` and ``info``: in their order, and undone with the savepoint that they were noted in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cqrs.errors import UnitOfWorkStateError
from cqrs.unit_of_work import current_unit_of_work
from tests.helpers.errors import Deliberate
from tests.integration.transactions.stand import Note, Told

if TYPE_CHECKING:
    from cqrs.unit_of_work import UnitOfWork
    from tests.integration.transactions.stand import Service


def unit() -> UnitOfWork:
    found = current_unit_of_work()
    assert found is not None
    return found


async def test_callbacks_before_the_commit_may_write(stand: Service) -> None:
    async def work() -> None:
        await stand.write("one")
        unit().before_commit(stand.writes("two"))

    await stand.send(work)
    assert await stand.notes() == ["one", "two"]


async def test_it_is_called_where_nothing_else_was_written(stand: Service) -> None:
    async def work() -> None:
        unit().before_commit(stand.writes("one"))

    await stand.send(work)
    assert await stand.notes() == ["one"]


async def test_callbacks_are_called_in_the_order_of_their_registration(stand: Service) -> None:
    async def work() -> None:
        for what in ("one", "two", "three"):
            unit().before_commit(stand.writes(what))

    await stand.send(work)
    assert await stand.notes() == ["one", "two", "three"]


async def test_a_callback_may_register_another_one(stand: Service) -> None:
    async def first() -> None:
        await stand.write("first")
        unit().before_commit(stand.writes("second"))

    async def work() -> None:
        unit().before_commit(first)

    await stand.send(work)
    assert await stand.notes() == ["first", "second"]


async def test_a_callback_may_add_a_message(stand: Service) -> None:
    async def add() -> None:
        stand.db.outbox.add(Told(payload="one"))

    async def work() -> None:
        unit().before_commit(add)

    await stand.send(work)
    assert await stand.messages() == ["one"]


async def test_one_that_fails_undoes_everything(stand: Service) -> None:
    called: list[str] = []

    async def after() -> None:
        called.append("after the commit")

    async def work() -> str:
        await stand.write("undone")
        unit().before_commit(stand.fails("undone too"))
        unit().after_commit(after)
        return "done"

    with pytest.raises(Deliberate):
        await stand.send(work)
    assert (await stand.notes(), called) == ([], [])


async def test_a_callback_sees_what_was_pending(stand: Service) -> None:
    async def count() -> None:
        assert len(list(await stand.db.session.scalars(Note.__table__.select()))) == 1

    async def work() -> None:
        stand.db.session.add(Note(what="pending"))
        unit().before_commit(count)

    await stand.send(work)
    assert await stand.notes() == ["pending"]


async def test_a_callback_of_a_savepoint_that_was_undone_is_not_called(stand: Service) -> None:
    async def inner() -> None:
        await stand.write("undone")
        unit().before_commit(stand.writes("undone too"))
        raise Deliberate

    async def work() -> None:
        await stand.write("one")
        with pytest.raises(Deliberate):
            await stand.send(inner)

    await stand.send(work)
    assert await stand.notes() == ["one"]


async def test_a_callback_of_a_nested_turn_is_called_before_the_outer_commit(stand: Service) -> None:
    async def inner() -> None:
        unit().before_commit(stand.writes("before the commit"))

    async def work() -> None:
        await stand.send(inner)
        await stand.write("after the nested turn")

    await stand.send(work)
    assert await stand.notes() == ["after the nested turn", "before the commit"]


async def test_a_callback_of_a_turn_that_failed_is_not_called(stand: Service) -> None:
    async def work() -> None:
        unit().before_commit(stand.writes("undone"))
        raise Deliberate

    with pytest.raises(Deliberate):
        await stand.send(work)
    assert await stand.notes() == []


async def test_after_the_end_nothing_can_be_registered(stand: Service) -> None:
    async with stand.db.unit_of_work() as ended:
        await stand.write("one")
    for register in (ended.before_commit, ended.after_commit):
        with pytest.raises(UnitOfWorkStateError):
            register(stand.writes("lost"))


async def test_info_of_a_savepoint_that_was_undone_is_taken_back(stand: Service) -> None:
    seen: list[dict[Any, Any]] = []

    async def inner() -> None:
        await stand.write("undone")
        unit().info["changed"] = "inner"
        unit().info["new"] = "inner"
        del unit().info["deleted"]
        raise Deliberate

    async def work() -> None:
        unit().info.update(changed="outer", deleted="outer")
        with pytest.raises(Deliberate):
            await stand.send(inner)
        seen.append(dict(unit().info))

    await stand.send(work)
    assert seen == [{"changed": "outer", "deleted": "outer"}]


async def test_info_of_a_savepoint_that_was_kept_stays(stand: Service) -> None:
    async def inner() -> None:
        await stand.write("one")
        unit().info["key"] = "inner"

    async def work() -> Any:
        await stand.send(inner)
        return unit().info["key"]

    assert await stand.send(work) == "inner"


async def test_info_of_a_savepoint_of_the_session_is_taken_back(stand: Service) -> None:
    async def work() -> dict[Any, Any]:
        await stand.write("one")
        with pytest.raises(Deliberate):
            async with stand.db.session.begin_nested():
                unit().info["key"] = "undone"
                raise Deliberate
        return dict(unit().info)

    assert await stand.send(work) == {}


async def test_info_of_two_savepoints_one_in_the_other_is_taken_back_with_the_outer_one(stand: Service) -> None:
    async def work() -> dict[Any, Any]:
        unit().info["key"] = 0
        with pytest.raises(Deliberate):
            async with unit().savepoint():
                unit().info["key"] = 1
                async with unit().savepoint():
                    unit().info["key"] = 2
                raise Deliberate
        return dict(unit().info)

    assert await stand.send(work) == {"key": 0}


async def test_each_transaction_has_an_info_of_its_own(stand: Service) -> None:
    async def first() -> None:
        unit().info["key"] = "first"
        await stand.write("one")

    async def second() -> dict[Any, Any]:
        return dict(unit().info)

    await stand.send(first)
    assert await stand.send(second) == {}
