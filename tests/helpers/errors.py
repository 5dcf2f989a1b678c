"""The error that tests raise on purpose; that of the conformance suites, so that there is one."""

from __future__ import annotations

from cqrs.testing.conformance._errors import Deliberate

__all__ = ["Deliberate"]
