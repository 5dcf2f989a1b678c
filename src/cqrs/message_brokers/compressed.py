"""A broker that compresses messages and sends them through another broker."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from cqrs._arguments import COMPRESSOR, check, check_number
from cqrs._renamed import renamed_parameters
from cqrs.compressors.protocol import name_of
from cqrs.message_brokers.changing import ChangingBroker

if TYPE_CHECKING:
    from cqrs.compressors.protocol import Compressor
    from cqrs.envelope import Envelope
    from cqrs.message_brokers.protocol import MessageBroker

__all__ = ["CompressedBroker"]


class CompressedBroker(ChangingBroker):
    """Compresses bodies and sends them through ``broker``; has the guarantees of ``broker``.

    The ``content-encoding`` of a compressed message is the name of ``compressor``; an ``EventDecoder`` decompresses it.
    A body stays as it is if it has less than ``min_size`` bytes, is compressed already, or would not get smaller.
    """

    @renamed_parameters("CompressedBroker", at_least="min_size")
    def __init__(self, broker: MessageBroker, compressor: Compressor, *, min_size: int = 1024) -> None:
        super().__init__(broker)
        check("compressor", compressor, COMPRESSOR)
        check_number("min_size", min_size, 0)
        self._compressor = compressor
        self._min_size = min_size

    def _changed(self, envelope: Envelope) -> Envelope:
        if envelope.content_encoding is not None or len(envelope.body) < self._min_size:
            return envelope
        body = self._compressor.compress(envelope.body)
        if len(body) >= len(envelope.body):
            return envelope
        return dataclasses.replace(envelope, body=body, content_encoding=name_of(self._compressor))
