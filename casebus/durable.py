"""Making the names in a directory durable: what was linked, renamed or removed there outlives a power cut from then on."""

import os
from pathlib import Path


def sync_directory(directory: Path) -> None:
    """Write a directory's entries to the disk. Raises `OSError`: whose directory it is says what that means."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
