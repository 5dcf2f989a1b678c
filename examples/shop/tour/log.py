"""What the service logs, shown where it happens."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

from examples.shop.tour.report import Report


class ReportHandler(logging.Handler):
    """Puts log records into the report."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self._report = report

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record."""
        self._report.note(f"{record.levelname}: {self.format(record)}")


@contextmanager
def shown_log(report: Report) -> Generator[None, None, None]:
    """Within the block warnings of anybody are shown, and of ``cqrs`` also what is only good to know."""
    root, ours, handler = logging.getLogger(), logging.getLogger("cqrs"), ReportHandler(report)
    before = ours.level
    root.addHandler(handler)
    ours.setLevel(logging.INFO)
    try:
        yield
    finally:
        ours.setLevel(before)
        root.removeHandler(handler)
