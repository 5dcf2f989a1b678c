"""The demo of two services: embedded, and on real servers with a relay that is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from examples.delivery.demo import show
from examples.delivery.stage import Distributed, Embedded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.client import Server

RESULT = "200 orders, 200 reservations for 200 different orders, each customer's in the order of placing"


async def test_every_order_is_reserved_once_though_the_relay_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = Embedded(f"sqlite+aiosqlite:///{tmp_path}/shop.db", f"sqlite+aiosqlite:///{tmp_path}/warehouse.db")
    assert await show(scene)
    assert RESULT in capsys.readouterr().out


@pytest.mark.server
async def test_every_order_is_reserved_once_though_the_relay_is_killed(
    postgres_url: str, tmp_path: Path, rabbitmq_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    warehouse = f"sqlite+aiosqlite:///{tmp_path}/warehouse.db"
    scene = Distributed(postgres_url, warehouse, "rabbitmq", rabbitmq_server.address)
    assert await show(scene)
    out = capsys.readouterr().out
    assert "25 of them a second time" in out
    assert RESULT in out
