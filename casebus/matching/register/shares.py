"""How often a field's levels occur in one person's pairs: from the priors, moved by what was seen, within bounds."""

from collections.abc import Mapping

from casebus.matching.register.fields import INDEX
from casebus.matching.register.frequencies import WIDTH, decoded
from casebus.matching.register.priors import MATCH, STRENGTH, UNRELIABLE
from casebus.matching.register.strangers import Levels


def by_level(number: int, counts: list[float]) -> dict[int, float]:
    """Return what was counted of a field, by level."""
    out: dict[int, float] = {}
    for code in range(1, WIDTH):
        amount = counts[number * WIDTH + code]
        found = decoded(number, code) if amount else None
        if found:
            out[found[0]] = out.get(found[0], 0.0) + amount
    return out


def move(levels: dict[int, float], prior: Mapping[int, float], seen: Mapping[int, float]) -> None:
    """Move a field's levels from its prior by what was seen."""
    total = sum(seen.values()) + STRENGTH
    for level, share in prior.items():
        levels[level] = (seen.get(level, 0.0) + STRENGTH * share) / total


def priors(*, reports: bool) -> Levels:
    """Return the priors of one person's pairs; in a register of reports names and dates of birth differ more often."""
    out = {INDEX[name]: dict(levels) for name, levels in MATCH.items()}
    for name, differing in UNRELIABLE.items() if reports else ():
        levels = out[INDEX[name]]
        rest = sum(levels[level] for level in levels if level not in differing)
        for level in levels:
            levels[level] = differing.get(level, levels[level] * (1 - sum(differing.values())) / rest)
    return out


def bound(levels: dict[int, float], far: tuple[int, ...], most: float) -> None:
    """Keep a field from being far apart in more of one person's pairs than it can be, whatever else agrees."""
    share = sum(levels[level] for level in far)
    if share > most:
        for level in levels:
            levels[level] *= most / share if level in far else (1 - most) / (1 - share)


def slip(levels: dict[int, float], of_one: Mapping[int, float], same: int, slips: tuple[int, ...]) -> None:
    """Let what two people share be mistaken in their records as often as one person's own is in his."""
    for level in slips:
        levels[level] = max(levels[level], levels[same] * of_one[level] / of_one[same])
