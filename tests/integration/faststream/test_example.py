from __future__ import annotations

import asyncio
import inspect
import os
import re
import sys
from typing import TYPE_CHECKING

import examples.faststream_consumer
from tests.servers.recipe import ROOT

if TYPE_CHECKING:
    from tests.integration.faststream.topic import Topic


async def test_example_prints_the_output_of_its_docstring(topic: Topic) -> None:
    expected = re.search(r"::\n\n((?: {4}.*\n)+)", inspect.getdoc(examples.faststream_consumer) or "")
    assert expected is not None
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "examples.faststream_consumer"),
        cwd=ROOT,
        env={**os.environ, "KAFKA_BOOTSTRAP": topic.bootstrap, "USER_EVENTS_TOPIC": topic.name},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await running.communicate()
    assert running.returncode == 0
    assert printed.decode() == inspect.cleandoc(expected[1]) + "\n"
