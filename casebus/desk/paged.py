"""A page of a long list: what was chosen to be shown, and how many pages there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """What one page shows. Pages count from 1."""

    shown: tuple[T, ...]
    number: int
    pages: int


def pages_of(rows: int) -> int:
    """Return how many pages so many rows fill: one at least."""
    return max(1, -(-rows // PAGE_ROWS))


def page_of(found: Sequence[T], number: int) -> Page[T]:
    """Return a page of what was found; the first or the last where there is no such page."""
    pages = pages_of(len(found))
    within = min(max(number, 1), pages)
    return Page(tuple(found[(within - 1) * PAGE_ROWS : within * PAGE_ROWS]), within, pages)


def latest(found: Sequence[T], number: int) -> Page[T]:
    """Return a page of what was found, oldest first, as `found` is; the newest stand on the first page."""
    page = page_of(found[::-1], number)
    return Page(page.shown[::-1], page.number, page.pages)


def whole(found: Sequence[T]) -> Page[T]:
    """Return everything on one page."""
    return Page(tuple(found), 1, 1)


def page_number(text: str) -> int:
    """Return the page that an address names; the first for what is no number of one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
