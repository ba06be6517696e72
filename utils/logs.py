"""Structured logs: JSON lines in a file that cannot grow without bound."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

import structlog

MAX_BYTES = 5 * 1024 * 1024
BACKUPS = 3


class _LogFile(RotatingFileHandler):
    """Loses lines silently while the disk is full: the memory tells of that, and a traceback a line would hide it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  named by the standard library
        """A traceback on stderr, unless the disk refused."""
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)


def log_to_file(path: Path) -> None:
    """Send all events of this process to the file, the oldest thrown away beyond 20 MiB."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = _LogFile(path, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("builder-trainer")
    for old in logger.handlers[:]:
        logger.removeHandler(old)
        old.close()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_: logger,
        cache_logger_on_first_use=False,
    )


@contextmanager
def append_lines(path: Path) -> Iterator[Callable[[str], None]]:
    """Writes lines of another program at the end of the file, the oldest thrown away beyond 20 MiB."""
    handler = _LogFile(path, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8", delay=True)

    def write(line: str) -> None:
        handler.handle(logging.makeLogRecord({"msg": line}))

    try:
        yield write
    finally:
        handler.close()
