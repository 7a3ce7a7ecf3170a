"""A call with a deadline, for calls that have none of their own."""

import threading
from collections.abc import Callable
from typing import TypeVar

from casebus.errors import BusError

T = TypeVar("T")


def bounded(what: str, seconds: float, call: Callable[[], T]) -> T:
    """Return what `call` returns, or raise what it raises; after `seconds` give it up and raise `BusError`.

    The thread of a call that was given up lives until the call ends, perhaps for ever; it keeps no process alive.
    """
    answers: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(call())
        except BaseException as error:  # noqa: BLE001  handed to the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True, name=f"bounded {what}")
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise BusError(f"{what}: no answer in {seconds:.0f} s", next_step="see whether the broker is alive.")
    return answers[0]
