"""Across all steps: hooks that are called when the engine has something to report."""

from cqrs.observability.hooks import Hooks

__all__ = ["Hooks"]
