"""Documents in which every field that will bear it holds something that must never leave its agency."""

import base64
import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol
from xml.etree import ElementTree

from casebus.discovery import adapter_of
from casebus.errors import DocumentRefused
from casebus.intake.adapter import Document

FIXTURES = Path(__file__).parents[1] / "fixtures"

FORMATS: dict[str, tuple[str, ...]] = {
    "nz-police": (
        "cybertip.json",
        "cybertip_full.json",
        "provider_report.xml",
        "provider_batched_report.xml",
        "provider_full_report.xml",
        "nzp_returns.csv",
    ),
    "uk-nca": ("nca_package.json", "nca_returns.csv"),
    "nz-internal-affairs": ("dia_register.csv", "dia_referral.json", "dia_referrals.csv"),
}

TEXTS: tuple[str, ...] = (
    "Canaryqzx Qzxyrana",
    "canaryqzx@qzxyrana.example",
    "731648509277",
    "+64 20 7316 4850",
    "2001:db8:7316:4850:9277::7",
    "https://examplechat.example/u/canaryqzx",
    "NCA-7316-4850",
    "DIA-7316-48509",
    "7316485 Canaryqzx Street",
    "0x7316485092c0ffee7316485092c0ffee00fade07",
    "QZX 731648",
)
BIRTHS: tuple[str, ...] = ("1931-07-16",)

MARKS: tuple[bytes, ...] = (
    b"canaryqzx", b"qzxyrana", b"7316485", b"7316 48", b"7316:4850", b"7316-485", b"qzx731648", b"qzx 731648", b"20731648", b"1931-07-16", b"16/07/1931",
    b"19310716", b"1931-7-16",
)  # fmt: skip


HEX = tuple(text.hex().encode() for mark in MARKS for text in (mark, mark.upper(), mark.capitalize()))
UTF_16 = tuple(mark.decode().encode("utf-16-le") for mark in MARKS)


def base64_forms(mark: bytes) -> Iterator[bytes]:
    """Return a mark in base64, wherever in three bytes it begins, in each case of letters that we plant."""
    for text in {mark, mark.upper(), mark.capitalize()}:
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + text + b"\0\0")
            yield encoded[-(-8 * shift // 6) : 8 * (shift + len(text)) // 6]


BASE64 = tuple(form for mark in MARKS for form in base64_forms(mark) if len(form) >= 8)


def heard(content: bytes) -> list[bytes]:
    """Return the canaries that sing in some bytes."""
    lowered = content.lower()
    return [form for form in (*MARKS, *HEX, *UTF_16) if form in lowered] + [f for f in BASE64 if f in content]


def documents(agency: str) -> Iterator[bytes]:
    """Return accepted documents full of canaries, and for each field that will not bear one a refused document."""
    translates = accepts(agency)
    for name in FORMATS[agency]:
        sample = (FIXTURES / name).read_bytes()
        tree = TREES[name.rpartition(".")[2]](sample)
        refused: dict[object, bytes] = {}
        borne: set[object] = set()
        for text in (*TEXTS, *BIRTHS):
            places = [p for p in tree.places() if text not in BIRTHS or "birth" in str(p).lower()]
            full, bore = planted_where_it_can(tree, places, text, translates)
            yield full.content()
            borne |= bore
            refused |= {p: tree.planted(p, text).content() for p in places if p not in bore and p not in refused}
        yield from refused.values()
        assert len(borne) >= len(tree.places()) / 4, f"{name} bears {len(borne)} of {len(tree.places())}"
    yield b"canaryqzx 731648509277, which is no document at all"


def planted_where_it_can(
    tree: "Tree", places: Sequence[Any], text: str, translates: Callable[[bytes], bool]
) -> "tuple[Tree, set[Any]]":
    """Return a document with a text in every place that will bear it: all at once, or else half by half."""
    full = tree
    for place in places:
        full = full.planted(place, text)
    if translates(full.content()):
        return full, set(places)
    if len(places) <= 1:
        return tree, set()
    middle = len(places) // 2
    first, bore = planted_where_it_can(tree, places[:middle], text, translates)
    second, more = planted_where_it_can(first, places[middle:], text, translates)
    return second, bore | more


def accepts(agency: str) -> Callable[[bytes], bool]:
    adapter = adapter_of(agency)

    def tried(content: bytes) -> bool:
        try:
            adapter.translate(Document("document", content))
        except DocumentRefused:
            return False
        return True

    return tried


class Tree(Protocol):
    """A document with places that can be replaced. A refused replacement is a document all the same."""

    def places(self) -> Sequence[Any]: ...

    def planted(self, place: Any, text: str) -> "Tree": ...

    def content(self) -> bytes: ...


class JsonTree:
    """A JSON document whose leaves can be replaced, and their keys kept."""

    def __init__(self, content: bytes) -> None:
        self._text = content.decode("utf-8-sig")

    def places(self) -> list[tuple[Any, ...]]:
        return list(_leaves(json.loads(self._text)))

    def planted(self, place: tuple[Any, ...], text: str) -> "JsonTree":
        document = json.loads(self._text)
        at = document
        for key in place[:-1]:
            at = at[key]
        at[place[-1]] = text
        return JsonTree(json.dumps(document).encode())

    def content(self) -> bytes:
        return self._text.encode()


def _leaves(node: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(node, dict):
        for key, child in node.items():
            yield from _leaves(child, (*path, key))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _leaves(child, (*path, index))
    else:
        yield path


class XmlTree:
    """An XML document whose texts and attributes can be replaced."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def places(self) -> list[tuple[int, str, str | None]]:
        found: list[tuple[int, str, str | None]] = []
        for index, element in enumerate(ElementTree.fromstring(self._content).iter()):
            found += [(index, element.tag, name) for name in element.attrib]
            found += [(index, element.tag, None)] if len(element) == 0 else []
        return found

    def planted(self, place: tuple[int, str, str | None], text: str) -> "XmlTree":
        root = ElementTree.fromstring(self._content)
        element = list(root.iter())[place[0]]
        if place[2] is None:
            element.text = text
        else:
            element.set(place[2], text)
        return XmlTree(ElementTree.tostring(root))

    def content(self) -> bytes:
        return self._content


class CsvTree:
    """A CSV document whose cells can be replaced."""

    def __init__(self, content: bytes) -> None:
        self._rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))

    def places(self) -> list[tuple[int, int, str]]:
        header = self._rows[0]
        return [(row, column, name) for row in range(1, len(self._rows)) for column, name in enumerate(header)]

    def planted(self, place: tuple[int, int, str], text: str) -> "CsvTree":
        rows = [list(row) for row in self._rows]
        rows[place[0]][place[1]] = text
        return CsvTree(_csv(rows))

    def content(self) -> bytes:
        return _csv(self._rows)


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


TREES: dict[str, Callable[[bytes], Tree]] = {"json": JsonTree, "xml": XmlTree, "csv": CsvTree}
