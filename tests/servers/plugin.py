"""Ties the supervisor to the run of pytest: starts it, passes its address to xdist, reports, and ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.client import SupervisorProcess, ask
from tests.servers.fixtures import SUPERVISOR, TOOL_OF_FIXTURE

if TYPE_CHECKING:
    from collections.abc import Iterable

_PROCESS = pytest.StashKey[SupervisorProcess]()
_WORKER_KEY = "cqrs_supervisor"


def pytest_configure(config: pytest.Config) -> None:
    worker_input: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker_input is None:
        config.stash[_PROCESS] = SupervisorProcess()
        config.stash[SUPERVISOR] = config.stash[_PROCESS].port
    else:
        config.stash[SUPERVISOR] = worker_input[_WORKER_KEY]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[_WORKER_KEY] = node.config.stash[SUPERVISOR]


@pytest.hookimpl(tryfirst=True)  # before `-m` selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server or Node.js, so that no author can forget to."""
    for item in items:
        names = _fixtures(item)
        if "mermaid_parse" in names:
            item.add_marker("node")
        elif "servers" in names:
            item.add_marker("server")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Download what the selected tests need; what is missing each test finds out for itself."""
    if session.config.option.collectonly:
        return
    needed = {TOOL_OF_FIXTURE[name] for item in session.items for name in _fixtures(item) if name in TOOL_OF_FIXTURE}
    for tool in sorted(needed):
        ask(session.config.stash[SUPERVISOR], "provide", tool)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    report = ask(config.stash[SUPERVISOR], "report")
    if not report:
        return
    terminalreporter.section("servers and tools")
    for tool, story in sorted(report.items()):
        if "missing" in story:
            terminalreporter.line(f"{tool}: skipped, {story['missing']}")
        else:
            starts = f", started {story['starts']}x" if story["starts"] else ""
            terminalreporter.line(f"{tool}: used, version {story['version']}{starts}")


def pytest_unconfigure(config: pytest.Config) -> None:
    if _PROCESS in config.stash:
        config.stash[_PROCESS].close()


def _fixtures(item: pytest.Item) -> Iterable[str]:
    names: Iterable[str] = getattr(item, "fixturenames", ())
    return names
