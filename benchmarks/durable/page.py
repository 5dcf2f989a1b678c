"""``python -m benchmarks.durable.page``: the same as ``python -m benchmarks.page``."""

from __future__ import annotations

from benchmarks.page import main

if __name__ == "__main__":
    main()
