"""The sets that are measured, by name: what each contains, which public set it stands for, how Splink is set up for it."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from quality.evaluation_set import EvaluationSet
from quality.household_sets import households, two_registers
from quality.people_sets import half_empty, many_spellings, names_and_dates
from quality.public_sets import febrl, tips_1
from quality.tip_sets import CROWDED, NOISIER, SCRIPTS, tips


@dataclass(frozen=True, slots=True)
class Entry:
    """One set of the catalogue."""

    make: Callable[[int], EvaluationSet]
    """Takes the seed; a public set's seed orders its rows only."""
    splink: str
    """The name of its set-up in splink_peer.py."""
    contains: str


def _said(maker: Callable[..., EvaluationSet]) -> str:
    text = inspect.getdoc(maker) or ""
    return " ".join(text.split("\n\n")[0].split())


def catalogue(tips_file: Path | None) -> dict[str, Entry]:
    """Return every set by name; the development set of tips only where its file is."""
    public = {
        f"febrl{number}{'' if identity else '_noid'}": Entry(
            partial(febrl, number, identity),
            "febrl",
            f"FEBRL{number}, {'with' if identity else 'without'} the national id: "
            + (
                "2,000 Australian people, up to six records each"
                if number == 3
                else "two registers of 5,000 Australian people, one record each"
            )
            + ", synthetic slips in names, addresses and dates.",
        )
        for number in (3, 4)
        for identity in (True, False)
    }
    if tips_file is not None:
        text = "The development set: 39,163 invented tips about 20,000 people, a few identifiers each."
        public["tips_1"] = Entry(partial(tips_1, tips_file), "tips", text)
    plain = _said(tips)
    own = {
        "names_and_dates": Entry(names_and_dates, "names", _said(names_and_dates) + " Stands for RLdata10000."),
        "half_empty": Entry(half_empty, "half_empty", _said(half_empty) + " Stands for fake_1000."),
        "half_empty_wide": Entry(
            partial(half_empty, empty=0.5, fields="many"),
            "half_empty",
            "The same with telephone, street and postcode, half of all cells empty.",
        ),
        "many_spellings": Entry(many_spellings, "spellings", _said(many_spellings) + " Stands for historical_50k."),
        "two_registers": Entry(
            two_registers, "registers", _said(two_registers) + " Stands for a simulated census beside W-2 forms."
        ),
        "two_registers_one_town": Entry(
            partial(two_registers, town_count=1), "registers", "The same where all live in one town with one postcode."
        ),
        "households": Entry(households, "households", _said(households)),
        "tips_like": Entry(tips, "tips", plain + " Made up like tips_1."),
        "tips_noisier": Entry(
            partial(tips, manner=NOISIER),
            "tips",
            "Tips with more slips, placeholders and invented names, and fewer identifiers each.",
        ),
        "tips_crowded": Entry(
            partial(tips, manner=CROWDED),
            "tips",
            "Tips from a small world: few surnames, many households, shared devices, networks, numbers and screen names.",
        ),
        "tips_scripts": Entry(
            partial(tips, manner=SCRIPTS),
            "tips",
            "Tips about people with Cyrillic, Arabic, Chinese and Greek names, in their script or in any romanisation.",
        ),
    }
    return public | own


QUICK = ("febrl3_noid", "names_and_dates", "half_empty", "households")
