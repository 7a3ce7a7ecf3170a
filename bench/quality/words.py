"""The word lists of words/*.toml, written for this benchmark."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent / "words"


@cache
def load(name: str) -> dict[str, Any]:
    """Return a file's lists: each text split at blanks, tables as they are."""
    read = tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
    return {key: value.split() if isinstance(value, str) else value for key, value in read.items()}


def nicknames(given: str) -> list[str]:
    """Return what the holder of an English given name is called too."""
    return str(load("english")["nicknames"].get(given, "")).split()


def street_kinds() -> list[tuple[str, str]]:
    """Return kinds of street, long and short: ("Street", "St")."""
    return [(long, short) for long, _, short in (each.partition(":") for each in load("english")["street_kinds"])]
