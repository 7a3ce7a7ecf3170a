"""docs/errors.md and casebus/errors.py name the same codes, and what the product points to is there."""

import re
from collections import Counter
from pathlib import Path

import pytest

from casebus import errors
from casebus.errors import CasebusError, DocumentRefused, ParkReason, RefusalCode, WireError

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
SOURCES = [path for part in ("casebus", "producers", "consumers") for path in (ROOT / part).rglob("*.py")]


def error_classes() -> list[type[CasebusError]]:
    return [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, CasebusError)]


def codes() -> set[str]:
    return {each.code for each in error_classes()} | set(RefusalCode) | set(ParkReason)


def sections() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)
    return {
        name: re.split(r"^# ", text, flags=re.MULTILINE)[0] for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def test_every_code_has_a_heading_and_every_heading_is_a_code() -> None:
    headings = Counter(re.findall(r"^## (.+)$", PAGE, flags=re.MULTILINE))
    assert set(headings) == codes()
    assert max(headings.values()) == 1, "a second heading of one name has another anchor"


def test_every_class_has_a_code_of_its_own() -> None:
    numbers = [each.code for each in error_classes()]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("error", error_classes(), ids=lambda error: error.__name__)
def test_a_class_is_documented_under_its_code_with_its_name_and_exit_code(error: type[CasebusError]) -> None:
    assert f"`{error.__name__}`, exit {error.exit_code}." in sections()[error.code]


def test_every_heading_says_what_to_do() -> None:
    families = {"CB1000", "CB7000", "CB9100", "CB9200"}  # they lead to others
    assert {name for name, text in sections().items() if "\n- Do: " not in text} == families


def test_a_refusal_points_to_its_own_heading() -> None:
    for code in RefusalCode:
        assert f"docs/errors.md#{code.value}," in DocumentRefused(code, "a place").diagnostics()
    for reason in ParkReason:
        assert f"docs/errors.md#{reason.value};" in WireError(reason, "a place").diagnostics()


@pytest.mark.parametrize("code", [*RefusalCode, *ParkReason], ids=lambda code: f"{type(code).__name__}.{code.value}")
def test_every_code_is_given_somewhere(code: RefusalCode | ParkReason) -> None:
    name = f"{type(code).__name__}.{code.name}"
    givers = [path for path in SOURCES if path.name != "errors.py" and re.search(rf"\b{name}\b", path.read_text())]
    assert givers, f"nothing gives {name}: is it documented for nothing?"


def test_anchors_that_the_page_links_to_are_on_it() -> None:
    headings = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", PAGE, flags=re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
