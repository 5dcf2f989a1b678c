"""Step 5, the logs of drivers that write a line at each attempt of an outage."""

from __future__ import annotations

import logging


def quiet(*names: str) -> None:
    """Keep drivers from logging each attempt of an outage, unless their loggers ``names`` have been given a level.

    What their lines would tell is in the errors and log lines of this package.
    """
    for name in names:
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.CRITICAL)
