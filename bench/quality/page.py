"""The measured part of docs/matching.md."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from pages import table

from quality.measures import Score
from quality.peers import BLIND_HUB, NAIVE, OURS, PRECISE, SPLINK_BEST, SPLINK_BLIND, Line, Result
from quality.sets import Entry

PAGE = Path(__file__).resolve().parents[2] / "docs" / "matching.md"
BEGIN, END = "<!-- quality: begin -->", "<!-- quality: end -->"
NEW_PAGE = f"# Matching\n\n## Measured\n\n{BEGIN}\n{END}\n"
HEAD = [
    "matcher",
    "pairs P / R / **F1**",
    "closure P / R / **F1**",
    "B³",
    "biggest group",
    "alert P / R",
    "review P / R",
    "R at P .99",
    "s",
    "MiB",
]
HOW = f"""Written by `make bench-quality`. Each matcher is a process of its own that reads CSV and writes pairs; seconds and peak memory are the
whole process's. *Pairs* are those that the matcher names, *closure* all pairs within the groups that they connect, *B³* the F1 of B-cubed, *alert* and
*review* the pairs of that band alone, *R at P .99* the recall at the lowest weight above which {PRECISE:.0%} of the pairs are right. Splink gets the register
cleaned (`bench/quality/cleaning.py`, not timed) and a set-up of its own for each kind (`bench/quality/splink_peer.py`): no labels, expectation
maximisation, term frequencies. Its *best threshold* is chosen with the truth in hand, for pairs, closure and B³ apart: nobody can do that blind.
*Any shared identifier* takes values as written. Ours runs as delivered, the same command for every set. *The hub, blind* is the
detector of `duplicate_suspects` over keyed tokens, with the weights of `casebus/matching/model.py`, learned on generated sets
(`make model`); it never gets a bank account, a row with a `report_kind` is a tip to it and any other an open case."""


def number(value: float) -> str:
    """Return ".9876"."""
    return f"{value:.4f}".removeprefix("0")


def score(value: Score | None, f1: bool = True) -> str:
    """Return "precision / recall / F1"."""
    if value is None:
        return ""
    parts = [number(value.precision), number(value.recall)]
    return " / ".join([*parts, f"**{number(value.f1)}**"] if f1 else parts)


def row(line: Line) -> list[str]:
    """Return the cells of one matcher."""
    peak = "" if line.mebibytes is None else f"{line.mebibytes:,.0f}"
    return [
        line.matcher, score(line.pairs), score(line.closure), number(line.b_cubed), f"{line.biggest:,}", score(line.alert, f1=False),
        score(line.review, f1=False), number(line.recall_at_precise), f"{line.seconds:.1f}", peak,
    ]  # fmt: skip


def section(result: Result, entry: Entry) -> str:
    """Return the table of one set under what it contains."""
    facts = f"{result.records:,} records, {result.true_pairs:,} true pairs, the biggest true group {result.biggest}."
    failed = [
        f"{matcher} failed: `{said.splitlines()[-1] if said else 'without a word'}`"
        for matcher, said in result.failed.items()
    ]
    return "\n\n".join(
        [f"#### {result.name}", f"{entry.contains} {facts}", table(HEAD, [row(line) for line in result.lines]), *failed]
    )


def compared(results: Iterable[Result]) -> str:
    """Return ours beside the best peer, measure by measure; a cell where ours is behind says so in bold."""
    rows = []
    for result in results:
        mine, peers = (
            result.line(OURS),
            [line for line in result.lines if line.matcher in (SPLINK_BLIND, SPLINK_BEST, NAIVE)],
        )
        if mine is None or not peers:
            rows.append([result.name, *[""] * 7])
            continue
        alert = mine.alert or Score(1.0, 0.0)
        best = max(peers, key=lambda line: line.closure.f1)
        rows.append([
            result.name,
            *(_against(measured(mine), max(map(measured, peers))) for measured in MEASURES),
            _cell(f"{mine.biggest} : {best.biggest}", mine.biggest > best.biggest),
            _cell(number(alert.precision), alert.precision < PRECISE),
            _against(alert.recall, max(line.recall_at_precise for line in peers)),
            f"{mine.seconds:.0f} : {best.seconds:.0f}",
        ])  # fmt: skip
    head = [
        "ours : best peer",
        "pairs F1",
        "closure F1",
        "B³",
        "biggest group",
        "alert precision",
        "alert recall : R at P .99",
        "s",
    ]
    return table(head, rows)


BARS: Mapping[str, tuple[str, float]] = {
    "febrl3": ("pairs", 0.993),
    "febrl3_noid": ("pairs", 0.976),
    "febrl4": ("pairs", 0.999),
    "febrl4_noid": ("pairs", 0.992),
    "tips_1": ("closure", 0.85),
}
"""What the hub's detector is to reach, by set: which F1, and how much of it."""
SURE, ALERTED, BIGGEST = 0.999, 0.40, 20
"""On tips_1 the alert band is to be this precise at this recall, and the biggest group under so many."""


def blind(results: Iterable[Result]) -> str:
    """Return what the hub finds that sees tokens only, and where it is short of its bar."""
    rows = []
    for result in results:
        line = result.line(BLIND_HUB)
        if line is None:
            rows.append([result.name, *[""] * 7])
            continue
        alert, (what, bar) = line.alert or Score(1.0, 0.0), BARS.get(result.name, ("", 0.0))
        is_tips = result.name == "tips_1"
        rows.append([
            result.name,
            _cell(number(line.pairs.f1), what == "pairs" and line.pairs.f1 < bar),
            _cell(number(line.closure.f1), what == "closure" and line.closure.f1 < bar),
            number(line.b_cubed),
            _cell(str(line.biggest), is_tips and line.biggest >= BIGGEST),
            _cell(number(alert.precision), is_tips and alert.precision < SURE),
            _cell(number(alert.recall), is_tips and alert.recall < ALERTED),
            f"{what} {number(bar)}" if what else "",
        ])  # fmt: skip
    head = [
        "the hub, blind",
        "pairs F1",
        "closure F1",
        "B³",
        "biggest group",
        "alert precision",
        "alert recall",
        "to reach",
    ]
    return table(head, rows)


MEASURES: Sequence[Callable[[Line], float]] = (
    lambda line: line.pairs.f1,
    lambda line: line.closure.f1,
    lambda line: line.b_cubed,
)


def _against(mine: float, theirs: float) -> str:
    return _cell(f"{number(mine)} : {number(theirs)}", round(mine, 4) < round(theirs, 4))


def _cell(text: str, behind: bool) -> str:
    return f"**behind** {text}" if behind else text


def document(results: Sequence[Result], entries: Mapping[str, Entry], seed: int, peer: str, machine_before: str) -> str:
    """Return the whole measured part."""
    versions = f"casebus {version('casebus')}, {peer}; seed {seed}."
    sections = [section(result, entries[result.name]) for result in results]
    return "\n\n".join(
        [
            HOW,
            f"{machine_before}. {versions}",
            "### Ours beside the best peer",
            compared(results),
            "### The hub, which sees tokens only",
            blind(results),
            "### Each set",
            *sections,
        ]
    )


def write(text: str, page: Path = PAGE) -> None:
    """Put the text between the page's markers, which are made where they are missing."""
    whole = page.read_text(encoding="utf-8") if page.exists() else NEW_PAGE
    if BEGIN not in whole:
        heading = "" if "\n## Measured\n" in whole else "\n## Measured\n"
        whole = f"{whole.rstrip()}\n{heading}\n{BEGIN}\n{END}\n"
    before, _, rest = whole.partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{text.strip()}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
