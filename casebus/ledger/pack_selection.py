"""Which records an evidence pack was made for, and whether those in it are such records. Pure."""

from collections.abc import Callable, Iterable

from casebus.bus.log import Recorded
from casebus.cases.event_filter import EventFilter, Facts, facts_of
from casebus.errors import VerificationFailed
from casebus.ledger.pack_manifest import Selection
from casebus.ledger.pack_records import RecordTeller


def asked_for(by: str, id_: str) -> Callable[[Facts], bool]:
    """Return what tells of an event whether it was asked for. `by` is case, tip, conflict or event."""
    match by:
        case "case":
            return EventFilter(cases=(id_,)).accepts
        case "tip":
            return EventFilter(tips=(id_,)).accepts
        case "conflict":
            return EventFilter(conflicts=(id_,)).accepts
        case "event":
            return lambda facts: facts.event_id == id_
        case _:
            raise AssertionError("bug: nothing is searched for when entries are named by their index")


def check_selection(
    selection: Selection,
    indices: Iterable[int],
    size: int,
    record: Callable[[int], Recorded | None],
    teller: RecordTeller,
) -> str:
    """Return what was found, in words. `record` gives the record at an index, None for a marker.

    Raises:
        VerificationFailed: the counts contradict the pack, or a record does not name what was asked for.
    """
    found = list(indices)
    if selection.matched != len(found) or selection.searched > size or selection.unread > selection.searched:
        raise VerificationFailed("the manifest counts other records than the pack holds, or more than the log has.")
    if selection.by in ("index", "range"):
        if selection.id is not None or selection.searched or selection.unread:
            raise VerificationFailed("the manifest says that entries were both named and searched for.")
        if selection.by == "range" and found != list(range(found[0], found[0] + len(found))):
            raise VerificationFailed("the manifest says that the entries are a range, and they are not.")
        return f"{len(found)} entries, named by whoever exported"
    if selection.id is None or selection.searched <= max(found):
        raise VerificationFailed("the manifest does not say what was searched for, or searched less than it found.")
    accepts = asked_for(selection.by, selection.id)
    for index in found:
        recorded = record(index)
        event = None if recorded is None else teller.event_of(recorded)
        if recorded is None or event is None:
            raise VerificationFailed(f"index {index} holds no event that can be read.")
        facts = facts_of(event, topic=recorded.topic, position=recorded.position, appended_at=recorded.appended_at)
        if not accepts(facts):
            raise VerificationFailed(f"the event at index {index} does not name the {selection.by} that was asked for.")
    return (
        f"{len(found)} events name the {selection.by}; that no other of the first {selection.searched} entries does "
        f"({selection.unread} could not be read) rests on whoever exported, or on the full ledger"
    )
