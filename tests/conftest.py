"""For all tests: the settings must be ours, and the servers are at hand."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# No test asserts a time: on a busy machine, one of many examples takes as long as it takes.
settings.register_profile("busy", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

pytest_plugins = ["tests.helpers.databases", "tests.servers.fixtures", "tests.servers.plugin"]


def pytest_configure(config: pytest.Config) -> None:
    if config.inipath is None or config.getini("asyncio_mode") != "auto":
        message = (
            "These tests need the [tool.pytest.ini_options] of pyproject.toml (asyncio_mode=auto, strict markers, "
            f"warnings are errors), but pytest reads {config.inipath or 'no settings at all'}. "
            "Run `make test`, or `.venv/bin/python -m pytest PATH` in the root of the checkout."
        )
        raise pytest.UsageError(message)
