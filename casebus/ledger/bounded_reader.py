"""What a stranger sends over a socket, bounded in time and in bytes."""

import socket
from collections.abc import Callable
from io import RawIOBase
from typing import Any


class TooSlow(Exception):
    """It did not come in time."""


class TooLong(Exception):
    """It is more than what was allowed."""


class BoundedReader(RawIOBase):
    """A readable stream with one deadline for all of it, unlike a socket's timeout, which is for each piece.

    `seconds` is the time for everything, `room` how many bytes may come until `allow` adds to it.
    """

    def __init__(self, connection: socket.socket, monotonic: Callable[[], float], seconds: float, room: int) -> None:
        self._connection = connection
        self._monotonic = monotonic
        self._deadline = monotonic() + seconds
        self._room = room

    def allow(self, count: int) -> None:
        """Let so many more bytes in."""
        self._room += count

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read a piece; 0 at the end. Raises `TooSlow`, `TooLong`, and what a socket raises."""
        left = self._deadline - self._monotonic()
        if left <= 0:
            raise TooSlow
        if self._room <= 0:
            raise TooLong
        self._connection.settimeout(left)
        try:
            count = self._connection.recv_into(memoryview(buffer)[: self._room])
        except TimeoutError as error:
            raise TooSlow from error
        self._room -= count
        return count
