"""The tests of this folder, with the other releases of FastStream that we work with."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.integration.faststream.releases import KAFKA, RELEASES, provide
from tests.servers.recipe import ROOT, Missing

HERE = Path(__file__).parent
LINE = version("faststream").rpartition(".")[0]


@pytest.mark.timeout(300)  # the first run downloads them
@pytest.mark.parametrize("release", [release for release in RELEASES if not release.startswith(f"{LINE}.")])
def test_works_with_other_releases_of_faststream(release: str, kafka_bootstrap: str) -> None:
    try:
        packages = provide(release)
    except Missing as missing:
        if os.environ.get("CQRS_TEST_REQUIRE_SERVERS") == "1":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    files = ["test_redelivery.py", "test_once.py", "test_example.py"]
    if not release.startswith("0.7."):  # it has no auto_commit, which the programs pass
        files.append("test_programs.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--quiet", *(str(HERE / name) for name in files)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(packages), KAFKA: kafka_bootstrap},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
