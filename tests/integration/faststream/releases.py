"""Releases of FastStream beside the installed one."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from tests.servers import install

if TYPE_CHECKING:
    from pathlib import Path

# The aiokafka of 0.5 is not built for Python 3.14.
RELEASES = (*(("0.5.48",) if sys.version_info < (3, 14) else ()), "0.6.7", "0.7.8")
"""One of each line that we work with on this Python."""

KAFKA = "CQRS_TEST_KAFKA"
"""Passes the address of the server to tests that run with another release."""


def provide(release: str) -> Path:
    """A folder for `PYTHONPATH` with this release and all it needs. Raises `Missing` if pip cannot get it."""
    with install.exclusive(f"faststream-{release}-{sys.implementation.cache_tag}") as folder:
        packages = folder / "packages"
        if not packages.is_dir():
            unfinished = folder / "packages.part"
            shutil.rmtree(unfinished, ignore_errors=True)
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            install.run([*pip, "--target", str(unfinished), f"faststream[kafka]=={release}"])
            unfinished.rename(packages)
        return packages
