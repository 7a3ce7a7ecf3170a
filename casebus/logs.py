"""What processes say about themselves: one JSON object a line, and never a value of a person's identifier.

Only the keys on the allow-list below reach a line; anything else is dropped. So a name, a handle or a narrative cannot
get into a log by somebody adding a keyword in haste.
"""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, TextIO

import structlog

from casebus.errors import StoreError

ALLOWED = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "role",
        "component",
        "consumer",
        "topic",
        "position",
        "reason",
        "outcome",
        "code",
        "events",
        "records",
        "attempt",
        "index",
        "seconds",
        "exit_code",
        "error_type",
        "pid",
        "status",
        "origin",
        "size",
    }
)


def drop_unlisted(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Keep only what is on the allow-list."""
    return {key: value for key, value in event.items() if key in ALLOWED}


def configure(path: Path, role: str) -> None:
    """Send this process's log to a file, line by line. Raises `StoreError` where there can be no such file."""
    try:
        file = path.open("a", buffering=1, encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"the log {path} cannot be written: {error.strerror}",
            next_step="see whether its directory is there, writable by this user and not full.",
        ) from error
    configure_stream(file, role)


def configure_stream(file: TextIO, role: str) -> None:
    """Send this process's log to an open stream: for a program that stands alone, stderr."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _named(role),
            drop_unlisted,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=file),
        cache_logger_on_first_use=False,
    )


def _named(role: str) -> structlog.typing.Processor:
    def add(_logger: object, _method: str, event: Any) -> Any:
        event["role"] = role
        return event

    return add
