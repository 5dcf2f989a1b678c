"""The package is typed: a checker sees what `cqrs` exports."""

from __future__ import annotations

from typing import assert_type

import cqrs


def errors_keep_their_data(error: cqrs.errors.RequestHandlerDoesNotExist) -> None:
    assert_type(error.request_type, type)
    assert_type(error.bound, tuple[type, ...])


def unknown_names_are_refused() -> None:
    cqrs.NoSuchName  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
