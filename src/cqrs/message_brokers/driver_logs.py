"""Silence drivers that log a line at each attempt to reconnect."""

from __future__ import annotations

import logging


def quiet(*names: str) -> None:
    """Set the loggers ``names`` of a driver to ``CRITICAL``, unless they have a level.

    The errors and log lines of this package contain the same information, once for each outage.
    """
    for name in names:
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.CRITICAL)
