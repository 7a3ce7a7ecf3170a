"""`casebus match file` and `against`: whole registers compared in the clear, on the agency's own machine. Nothing goes to the bus."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from casebus.cli.options import AsJson
from casebus.cli.output import print_json, words
from casebus.cli.streams import reader_gone
from casebus.matching.register.copies import MANY
from casebus.matching.register.engine import Band, Register, Stage, Suspects
from casebus.matching.register.engine import Progress as Tell
from casebus.matching.register.frequencies import CAP
from casebus.matching.register.lookup import Lookup
from casebus.matching.register.priors import MODEL
from casebus.queries import answer
from casebus.registers import Reading, like_formulas, read_register, refuse_output, write_pairs

IgnoreUnknown = Annotated[
    bool, typer.Option("--ignore-unknown", help="Leave unknown columns out instead of refusing them.")
]


def file(
    first: Annotated[
        Path, typer.Argument(metavar="A.csv", help="A register in UTF-8, with a record_id.", show_default=False)
    ],
    second: Annotated[
        Path | None,
        typer.Argument(metavar="[B.csv]", help="Another: then only pairs across the two.", show_default=False),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", help="Where the pairs go, as CSV, the best first.", show_default=False)
    ] = ...,  # type: ignore[assignment]  # typer's way to say that it must be given
    ignore_unknown: IgnoreUnknown = False,
    as_json: AsJson = False,
) -> None:
    """Find pairs of records that may be one person, in one register or across two. Nothing leaves this machine.

    Bands: `alert` (so sure that at most one in a hundred is wrong, as far as the register itself can tell) and `review`.
    The pairs are written to --out, in place of what was there, as record_a,record_b,band,weight,reasons. The columns of a
    register, and what the words mean, stand in docs/registers.md.
    """
    sources = [path for path in (first, second) if path is not None]
    refuse_output(out, sources)
    with progress() as tell:
        read = _read(sources, tell, ignore_unknown=ignore_unknown)
        records = [record for each in read for record in each.records]
        register = Register(records, linking=second is not None, progress=tell)
        suspects = register.suspects()
    write_pairs(out, suspects)
    if formulas := like_formulas(suspects):
        words().print(
            f"{formulas} record ids begin like a formula of a spreadsheet (= + - @). They are written as they are: open the file there with "
            "record_a and record_b imported as text.",
        )
    aside = sum((each.left_aside for each in read), Counter[str]())
    _report(out, register, suspects, aside, as_json=as_json)


def _read(sources: list[Path], tell: Tell, *, ignore_unknown: bool) -> list[Reading]:
    taken: dict[str, str] = {}
    return [
        read_register(path, side, taken, ignore_unknown=ignore_unknown, progress=tell)
        for side, path in enumerate(sources)
    ]


def _report(out: Path, register: Register, suspects: list[Suspects], aside: Counter[str], *, as_json: bool) -> None:
    alerts = sum(one.band is Band.alert for one in suspects)
    copies = sum(map(len, register.copies.values()))
    rest, crowded = sum(len(crowd.rest) for crowd in register.crowds), len(register.index.crowded)
    reviews, records = len(suspects) - alerts, len(register.records) + copies + rest
    common = register.frequencies.passed_over(register.records)
    if as_json:
        told = {"out": str(out), "records": records, "pairs": len(suspects), "alert": alerts, "review": reviews}
        few = {"copies": copies, "in_crowds": rest, "crowded": crowded, "passed_over": common, "left_aside": aside}
        print_json({**told, **few, "model": MODEL})
        return
    words().print(f"{records} records: {alerts} pairs to alert, {reviews} to review, in {out} ({MODEL}).", markup=False)
    if copies:
        words().print(
            f"{copies} records are copies: more than {MANY} say the same as they do. Each is in one pair at most, not compared with the rest.",
        )
    if rest:
        words().print(
            f"{rest} records are of crowds: more than {MANY} of one person, each a little different. Each was compared with two that stand "
            "for its crowd (of two registers one of each), and with those that share an identifier which only it has.",
        )
    if common:
        words().print(f"Passed over, for more than {CAP} records hold the same value: {_counted(common)}.")
    if crowded:
        words().print(f"{crowded} records share all that they have with many: each was compared with a few of those.")
    if aside:
        words().print(f"Rows in which nothing came of a column (nonsense, or a placeholder): {_counted(aside)}.")


def _counted(rows: Counter[str]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(rows.items()))


def against(
    register: Annotated[
        Path, typer.Argument(metavar="A.csv", help="A register in UTF-8, with a record_id.", show_default=False)
    ],
    ignore_unknown: IgnoreUnknown = False,
) -> None:
    """Answer for an intake system: prints `ready`, then for each JSON line on stdin one with the records it may be.

    A line has the register's columns as names, lists for several values: {"surname": "Doe", "email": ["a@b.example"]}.
    The answer is {"pairs": [["record_id", "band", weight, "reasons"], ...]}, strongest first, or {"error": "..."}.
    """
    with progress() as tell:
        read = read_register(register, 0, {}, ignore_unknown=ignore_unknown, progress=tell)
        lookup = Lookup(Register(read.records, progress=tell), read.order)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while (line := sys.stdin.buffer.readline(MAX_QUESTION + 1)) and not reader_gone():
        whole = line if line.endswith(b"\n") or len(line) <= MAX_QUESTION else _to_the_end(line)
        sys.stdout.write(json.dumps(answer(lookup, whole, ignore_unknown=ignore_unknown), separators=(",", ":")) + "\n")
        sys.stdout.flush()


MAX_QUESTION = 1_000_000
"""Bytes in one question."""


def _to_the_end(line: bytes) -> bytes:
    """Skip the rest of a line that is too long; return what tells that it was."""
    while (more := sys.stdin.buffer.readline(MAX_QUESTION)) and not more.endswith(b"\n"):
        pass
    return line


_STAGES = {
    Stage.reading: "reading",
    Stage.indexing: "indexing",
    Stage.comparing: "comparing",
    Stage.calibrating: "calibrating",
    Stage.grouping: "grouping",
}


@contextmanager
def progress() -> Iterator[Tell]:
    """Show a bar on stderr for each stage, and nothing where stderr is no terminal."""
    console = words()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks = {stage: bar.add_task(text, total=None, visible=False) for stage, text in _STAGES.items()}
        yield lambda stage, done, total: bar.update(tasks[stage], completed=done, total=total, visible=True)
