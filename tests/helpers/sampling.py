"""Whether tests that try many cases try all, with `ALL=1`, or a few that change with the day."""

from __future__ import annotations

import datetime as dt
import os

ALL = os.environ.get("ALL") == "1"
DAY = os.environ.get("CQRS_TEST_SAMPLE") or dt.datetime.now(dt.UTC).date().isoformat()
"""A date, or any other text of `CQRS_TEST_SAMPLE`, which repeats an earlier sample."""

HOW_TO_REPEAT = "all of them" if ALL else f"the sample of CQRS_TEST_SAMPLE={DAY}"
