"""``python -m cqrs``: the commands of this package. They need ``cqrskit[cli]``."""

from __future__ import annotations

import sys

_NEEDED = {"rich", "sqlalchemy", "typer"}


def main() -> None:
    """Run the command that was asked for; ends with its exit code."""
    try:
        from cqrs.cli.app import app  # noqa: PLC0415  # what it needs may be missing
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        if missing not in _NEEDED:
            raise
        sys.exit(f"python -m cqrs needs {missing}, which is not installed: pip install 'cqrskit[cli]'")
    app()


if __name__ == "__main__":
    main()
