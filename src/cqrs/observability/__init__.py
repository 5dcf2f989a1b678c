"""Across all steps: what the engine reports."""

from cqrs.observability.hooks import Hooks

__all__ = ["Hooks"]
