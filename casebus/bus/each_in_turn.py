"""Trying several things in turn, so that one that does not answer keeps none of the others waiting."""

from collections.abc import Callable, Iterable

from casebus.errors import Unavailable


def try_each(acts: Iterable[Callable[[], int]], *, of: type[Unavailable]) -> int:
    """Do all in order and return how much was done; raise the first error of kind `of` after all were tried.

    Any other error ends it at once.
    """
    done = 0
    first: Unavailable | None = None
    for act in acts:
        try:
            done += act()
        except of as error:
            first = first or error
    if first is not None:
        raise first
    return done
