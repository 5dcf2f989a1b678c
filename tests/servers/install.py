"""Ways to get a server that is not on the machine, each through the ordinary client of its registry."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.servers.recipe import CACHE, Missing

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

_TIMEOUT = 900  # a first download over a slow line; after that the client hangs


def run(command: Sequence[str], *, folder: Path | None = None, environment: dict[str, str] | None = None) -> str:
    """What `command` prints. Raises `Missing` with its last lines if it fails."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"`{command[0]}` did not run: {error}") from error
    if done.returncode:
        last = " | ".join(line.strip() for line in done.stdout.strip().splitlines()[-3:])
        raise Missing(f"`{' '.join(command[:3])} …` failed with {done.returncode}: {last}")
    return done.stdout


def apt(package: str, binary: str) -> str:
    """The path of `binary`, which `package` of Debian or Ubuntu is installed for if it is not there."""
    if found := shutil.which(binary):
        return found
    if shutil.which("apt-get") is None:
        raise Missing(f"`{binary}` is not on PATH and there is no apt-get to install {package}")
    if os.geteuid() != 0:
        raise Missing(f"`{binary}` is not on PATH and only root can apt-get install {package}")
    # A run level of 1 keeps the package from starting a server of its own.
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    with exclusive("apt"):
        run(["apt-get", "update"], environment=quiet)
        run(["apt-get", "install", "-y", "--no-install-recommends", package], environment=quiet)
    if found := shutil.which(binary):
        return found
    raise Missing(f"{package} is installed, but `{binary}` is not on PATH")


def docker_image(image: str) -> str:
    """`image`, pulled, where a docker engine runs."""
    if shutil.which("docker") is None:
        raise Missing("there is no docker")
    run(["docker", "info"])
    run(["docker", "pull", "--quiet", image])
    return image


@contextmanager
def exclusive(name: str) -> Generator[Path]:
    """The cache folder `name`, with no other run in it."""
    folder = CACHE / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def maven(folder: Path, artifacts: Sequence[tuple[str, str, str]]) -> Path:
    """The folder below `folder` with the jars of `artifacts` (group, name, version) and all they depend on."""
    jars = folder / "jars"
    if jars.is_dir():
        return jars
    if shutil.which("mvn") is None:
        raise Missing("its jars come from Maven, and there is no `mvn` on PATH")
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>"
        for group, name, version in artifacts
    )
    (folder / "pom.xml").write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>tests</groupId><artifactId>server</artifactId><version>1</version><packaging>pom</packaging>"
        f"<dependencies>{dependencies}</dependencies></project>\n"
    )
    unfinished = folder / "jars.part"
    shutil.rmtree(unfinished, ignore_errors=True)
    run(
        ["mvn", "--batch-mode", "--quiet", "dependency:copy-dependencies", f"-DoutputDirectory={unfinished}"],
        folder=folder,
    )
    unfinished.rename(jars)
    return jars
