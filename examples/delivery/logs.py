"""What the demo and its workers show of their logs."""

import logging


def show_logs() -> None:
    """Print warnings, marked as what they are."""
    logging.basicConfig(level=logging.WARNING, format="    log of %(name)s: %(message)s")
    # It complains of topics and groups that a new Kafka does not have yet, and then makes them.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
