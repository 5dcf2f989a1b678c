"""Parse the URL of a broker, and show it in log lines without user, password and options."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard
from urllib.parse import SplitResult, urlsplit

from cqrs.errors.root import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Collection


def parts_of(url: str, argument: str, schemes: Collection[str], example: str) -> SplitResult:
    """Split ``url`` into its parts.

    Raises ``InvalidArgument`` for a URL without a host and for one that drivers would misread. The error does not
    quote the URL, because a password may be anywhere in it. An ``@`` after the host means that the password has a
    ``/``, ``?`` or ``#`` that is not percent-encoded.
    """
    parts = _split(url)
    if not _has_host(parts, schemes) or "@" in f"{parts.path}{parts.query}{parts.fragment}":
        remedy = f"write it as {example}, with every special character of the password percent-encoded"
        raise InvalidArgument(argument, "an address that cannot be read", remedy)
    return parts


def _has_host(parts: SplitResult | None, schemes: Collection[str]) -> TypeGuard[SplitResult]:
    if parts is None or parts.scheme not in schemes:
        return False
    return bool(parts.hostname or (parts.scheme == "unix" and parts.path))


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # parsed on access
    except (ValueError, TypeError, AttributeError):
        return None
    return parts


def place_of(broker: str, parts: SplitResult) -> str:
    """The text for log lines: the name ``broker`` with host, port and path."""
    port = f":{parts.port}" if parts.port else ""
    return f"{broker} at {parts.hostname or ''}{port}{parts.path}"
