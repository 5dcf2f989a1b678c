"""Steps 5 and 6, where the URL of a broker leads, for people: without user, password and options."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard
from urllib.parse import SplitResult, urlsplit

from cqrs.errors.root import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Collection


def parts_of(url: str, argument: str, schemes: Collection[str], example: str) -> SplitResult:
    """``url``, taken apart.

    Raises ``InvalidArgument`` for one without a host and for one that drivers would misread, without what was given: a
    password may stand anywhere in it. An ``@`` behind the host is one with a ``/``, ``?`` or ``#`` before it that
    begins no path.
    """
    parts = _split(url)
    if not _leads_somewhere(parts, schemes) or "@" in f"{parts.path}{parts.query}{parts.fragment}":
        remedy = f"write it as {example}, with every special character of the password percent-encoded"
        raise InvalidArgument(argument, "an address that cannot be read", remedy)
    return parts


def _leads_somewhere(parts: SplitResult | None, schemes: Collection[str]) -> TypeGuard[SplitResult]:
    if parts is None or parts.scheme not in schemes:
        return False
    return bool(parts.hostname or (parts.scheme == "unix" and parts.path))


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # it is read when it is asked for
    except (ValueError, TypeError, AttributeError):
        return None
    return parts


def place_of(broker: str, parts: SplitResult) -> str:
    """What is said of it: the ``broker``, host, port and path."""
    port = f":{parts.port}" if parts.port else ""
    return f"{broker} at {parts.hostname or ''}{port}{parts.path}"
