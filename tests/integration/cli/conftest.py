"""Databases for commands."""

from __future__ import annotations

from tests.helpers.databases import KINDS, for_each

address = for_each(KINDS, "url")
