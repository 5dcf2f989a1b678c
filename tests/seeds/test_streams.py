from __future__ import annotations

from typing import TYPE_CHECKING

from tests.seeds.stand_ins import Crowd, watch

if TYPE_CHECKING:
    import pytest

    from tests.seeds.program import Run


async def test_000_07_each_chunk_arrives_and_its_event_is_handled_once(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    program = await run("000_07_streaming")
    handled = watch(program.OnFileDone)
    await program.run_stream()
    assert capsys.readouterr().out.splitlines() == ["1 ok", "2 ok", "3 ok"]
    assert [event.file_id for event in handled] == ["1", "2", "3"]


async def test_001_03_handler_that_returns_copies_of_its_events_has_each_handled_once(run: Run) -> None:
    program = await run("001_03_streaming_handler")
    handled = watch(program.OnFileProcessed)
    story = []
    async for result in program.mediator.stream(program.ProcessFilesCommand(file_ids=["a", "b"])):
        story.append((result.file_id, result.status, [event.file_id for event in handled]))
    assert story == [("a", "completed", ["a"]), ("b", "completed", ["a", "b"])]
    assert len(handled) == 2


async def test_001_11_at_most_three_events_are_handled_in_parallel(run: Run) -> None:
    program = await run("001_11_parallel_events")
    crowd = Crowd(program.OnItemProcessed, 3)
    stream = program.mediator.stream(program.ProcessBatch(items=list("abcdef")))
    assert [chunk async for chunk in stream] == ["done"]
    assert crowd.most == 3
