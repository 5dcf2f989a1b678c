"""``python -m cqrs``: the commands of this package. They need ``cqrskit[cli]``."""

from __future__ import annotations

import sys
from importlib.util import find_spec

_NEEDED = ("rich", "sqlalchemy", "typer")


def main() -> None:
    """Run the command that was asked for, and exit with its code."""
    for module in _NEEDED:
        if find_spec(module) is None:
            sys.exit(f"python -m cqrs needs {module}, which is not installed: pip install 'cqrskit[cli]'")
    from cqrs.cli.app import app  # noqa: PLC0415  # what it needs may be missing

    app()


if __name__ == "__main__":
    main()
