"""The established path of ``Backoff``, which lives in :mod:`cqrs.backoff`."""

from cqrs.backoff import Backoff

__all__ = ["Backoff"]
