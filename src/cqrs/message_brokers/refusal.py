"""The remedy for a server that refuses the connection."""

from __future__ import annotations

import ssl
from itertools import takewhile
from typing import TYPE_CHECKING

from cqrs.errors.chain import cause_or_context, chain
from cqrs.errors.messages import BrokerUnavailable
from cqrs.errors.root import CQRSError

if TYPE_CHECKING:
    from collections.abc import Callable

_NOT_TRUSTED = "let the ssl context trust the authority of its certificate, or correct the certificate or the address"
_NO_TLS = "check that this port speaks TLS, and which versions of it"
NOT_ADMITTED = "check user and password, and what the user may do"
"""The remedy for a wrong user, password or permission."""


def unavailable(
    place: str, error: BaseException, refused: Callable[[BaseException], bool] = lambda _: False
) -> BrokerUnavailable:
    """``BrokerUnavailable`` of ``place`` for ``error`` of a driver, with the remedy.

    ``refused`` returns whether an error of the driver means a wrong user, password or permission.
    """
    errors = _errors(error)
    for kind, remedy in ((ssl.SSLCertVerificationError, _NOT_TRUSTED), (ssl.SSLError, _NO_TLS)):
        for one in errors:
            if isinstance(one, kind):
                return BrokerUnavailable(place, one, remedy)
    for one in errors:
        if refused(one):
            return BrokerUnavailable(place, one, NOT_ADMITTED)
    return BrokerUnavailable(place, error)


def _errors(error: BaseException) -> list[BaseException]:
    # The cause of an error of this package is an earlier outage, which the caller was handling.
    return list(takewhile(lambda one: not isinstance(one, CQRSError), chain(error, cause_or_context)))
