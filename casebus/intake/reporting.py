"""What the report beside a document says in words: what was made of it, and what was not. Pure; never a value."""

from collections import Counter
from collections.abc import Iterable, Sequence

from casebus.events.types import MAX_SIGHTINGS
from casebus.intake.revisions import Drafted

MAX_KINDS = 12


def words_of(made: Sequence[Drafted]) -> str:
    """Return the message for a document that was accepted, or whose content is known."""
    events = sum(len(drafted.events) for drafted in made)
    late = sum(drafted.ended_first for drafted in made)
    if not made:
        return "no event is made of it: it has no record"
    if all(drafted.record is None for drafted in made):
        return "no event is made of it: it ends only what was never told"
    if not events:
        return (
            "no event is made of it: it was ended before it arrived"
            if late
            else "nothing new: its content is known already"
        )
    told = [f"{events} events"]
    if late:
        told.append(f"{late} of its records ended before they arrived")
    return "; ".join((*told, *_not_carried(made), *_unused(made)))


def _not_carried(made: Iterable[Drafted]) -> list[str]:
    number = sum(drafted.not_carried for drafted in made)
    if not number:
        return []
    return [
        f"{number} identifiers were not carried and nothing is matched on them: an event has room for {MAX_SIGHTINGS} of "
        "a record, for fewer where they have many forms (docs/formats: split the document)"
    ]


def _unused(made: Iterable[Drafted]) -> list[str]:
    """Return the kinds of what nothing could be matched on, the most frequent first, with their numbers."""
    kinds = Counter(kind for drafted in made for kind in drafted.unused)
    if not kinds:
        return []
    shown = [f"{number} {kind}" for kind, number in kinds.most_common(MAX_KINDS)]
    more = sum(kinds.values()) - sum(number for _, number in kinds.most_common(MAX_KINDS))
    others = [f"{more} others"] if more else []
    return [
        f"{sum(kinds.values())} values cannot be so or are no identifiers, and nothing is matched on them: "
        + ", ".join((*shown, *others))
    ]
