"""Steps 5 and 6, what to do about a server that lets nobody in."""

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
"""What helps who is refused."""


def unavailable(
    place: str, error: BaseException, refused: Callable[[BaseException], bool] = lambda _: False
) -> BrokerUnavailable:
    """``error`` of a driver as an outage of ``place``, with what helps.

    ``refused`` tells the errors by which the driver says that user and password, or a permission, are wrong.
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
    # Behind an error of this package is another outage, which the caller was about to deal with.
    return list(takewhile(lambda one: not isinstance(one, CQRSError), chain(error, cause_or_context)))
