from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cqrs.testing.conformance.inbox import InboxConformance

if TYPE_CHECKING:
    from tests.integration.inbox.backends import Database


class TestSqliteInbox(InboxConformance):
    @pytest.fixture
    def backend(self, sqlite_database: Database) -> Database:
        return sqlite_database


class TestPostgresInbox(InboxConformance):
    @pytest.fixture
    def backend(self, postgres_database: Database) -> Database:
        return postgres_database


class TestStrictPostgresInbox(InboxConformance):
    @pytest.fixture
    def backend(self, strict_postgres_database: Database) -> Database:
        return strict_postgres_database


class TestMariaDbInbox(InboxConformance):
    @pytest.fixture
    def backend(self, mariadb_database: Database) -> Database:
        return mariadb_database
