"""The runs that are kept as JSON, and the machine that they were taken on."""

from __future__ import annotations

import datetime
import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"


def machine() -> dict[str, Any]:
    """The interpreter, the platform and the number of cores."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
    }


def described(facts: Mapping[str, Any]) -> str:
    """The same as a text."""
    return f"{facts['python']}, {facts['platform']}, {facts['cores']} cores"


def keep(found: Mapping[str, Any], folder: Path = CACHE) -> None:
    """Write a run into a new file of ``folder``, and print its name."""
    folder.mkdir(parents=True, exist_ok=True)
    moment = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    file = folder / f"{moment}.json"
    file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"kept as {file.relative_to(ROOT)}")


def kept(folder: Path = CACHE) -> list[dict[str, Any]]:
    """The runs of ``folder``, the newest last."""
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]
