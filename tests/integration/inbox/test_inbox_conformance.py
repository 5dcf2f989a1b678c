from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cqrs.testing.conformance.inbox import InboxConformance
from tests.helpers.databases import KINDS

if TYPE_CHECKING:
    from tests.integration.inbox.backends import Database


class TestInbox(InboxConformance):
    @pytest.fixture(params=[*KINDS, pytest.param("strict_postgres", marks=pytest.mark.server)])
    def backend(self, request: pytest.FixtureRequest) -> Database:
        found: Database = request.getfixturevalue(f"{request.param}_database")
        return found
