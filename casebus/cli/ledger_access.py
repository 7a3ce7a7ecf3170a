"""Reading by a person is an event (DESIGN.md rule 4): where a command puts it on record before it shows anything.

For the auditor's commands there is one call, `record_reading`, made once per command, after its arguments were checked
and before its first line of output:

    record_reading(ledger, fields=("index", "type", "summary"), references=[event_id], officer=officer, data=data)

Where the ledger lies in place, in the data directory of a hub, a DataAccessed goes into the hub's outbox; its relay
publishes it. A copy has no hub: the reading is told to nobody, and stderr says so.
"""

import os
import re
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from casebus import keys
from casebus.cases.access import DeskRole, Viewer
from casebus.cli.event_options import OPAQUE_ID
from casebus.cli.options import clock
from casebus.cli.output import words
from casebus.desk import Office
from casebus.errors import NotFound, UsageError
from casebus.events.catalogue import writer_of
from casebus.events.enumerations import Purpose
from casebus.layout import HUB, Layout, RoleLayout
from casebus.roles import Installation

RESOURCE = "ledger"
_NUMBER = re.compile(r"(index-)?[0-9]{1,19}")
NOT_RECORDED = "This reading of a copy was not recorded anywhere."
RECORDED = "This reading is on record at the hub."
NO_KEYS = "This reading was not recorded anywhere: the hub's keys are not readable here."


def record_reading(
    ledger: Path,
    *,
    fields: Sequence[str],
    references: Sequence[str] = (),
    resource: str = RESOURCE,
    officer: str | None = None,
    data: Path | None = None,
    beside: Path | None = None,
    node: Installation | None = None,
) -> bool:
    """Put a reading of the ledger on record before anything of it is shown; tell whether it is.

    `fields` names what is shown of each record; `references` are opaque ids of what was asked for (event, tip, case),
    never words that somebody typed: they may be a person's name. Both end up in a published event.

    `beside` is a second ledger that is read with it; `node` is the installation whose bus or databases are read too:
    that reading is on record whether or not the ledger is a copy, at the hub, or where there is none at every role.

    Returns False for a copy, and for a ledger whose hub's keys this user cannot read; stderr then says so. A ledger in
    its place that cannot be recorded is not shown: whatever the hub's Store or keys raise is raised here.
    """
    layout = _read_in_place(ledger, data, beside, node)
    if layout is None:
        words().print(NOT_RECORDED)
        return False
    codes = [HUB] if node is None or HUB in node.present else node.present
    if not all(os.access(layout.role(code).key("signing"), os.R_OK) for code in codes):
        words().print(NO_KEYS)
        return False
    found = Installation.open(layout, clock())
    for code in codes:
        put_on_record(found, code, officer, resource, references, fields)
    words().print(RECORDED if codes == [HUB] else f"This reading is on record at {', '.join(codes)}.")
    return True


def _read_in_place(ledger: Path, data: Path | None, beside: Path | None, node: Installation | None) -> Layout | None:
    if node is not None:
        return node.layout
    return place_of(ledger, data) or (place_of(beside, data) if beside else None)


def put_on_record(
    found: Installation,
    code: str,
    officer: str | None,
    resource: str,
    references: Sequence[str],
    fields: Sequence[str],
) -> None:
    """Put a consultation for audit into the outbox of a role.

    Raises:
        UsageError: a reference is no opaque id, agency code, topic name or number: nothing else is ever published.
        CasebusError: what the role's keys and its Store raise.
    """
    if not all(may_be_published(reference, (HUB, *found.agencies)) for reference in references):
        raise UsageError("what was asked for is no opaque id: it is not put on record, and nothing is shown")
    id_key = _id_key(found.role(code))
    with closing(found.open_store(code)) as store:
        reader = Viewer(code, officer if id_key else None, DeskRole.operator)
        Office(reader, id_key, store, found.publisher(code), found.clock, found.directory).accessed(
            resource, references, Purpose.AUDIT, fields
        )


def may_be_published(reference: str, codes: Sequence[str]) -> bool:
    """Tell whether a reference is an opaque id, one of the agencies' codes, a topic of theirs, or a number.

    The last look before it is published: whatever option it came from, words that somebody typed stay here.
    """
    if OPAQUE_ID.fullmatch(reference) or _NUMBER.fullmatch(reference) or reference in codes:
        return True
    try:
        return writer_of(reference)[1] in codes
    except ValueError:
        return False


def place_of(ledger: Path, data: Path | None) -> Layout | None:
    """Return the data directory in which a ledger lies in its place, None for a copy.

    A link to the ledger's place is its place, and so is a place that is itself a link.
    """
    for root in (data, ledger.absolute().parent.parent, ledger.resolve().parent.parent):
        if root is not None and _lies_in(ledger, Layout(root)):
            return Layout(root.absolute())
    return None


def _lies_in(ledger: Path, layout: Layout) -> bool:
    try:
        return layout.settings.is_file() and layout.role(HUB).ledger.samefile(ledger)
    except OSError:
        return False


def _id_key(role: RoleLayout) -> bytes:
    """Return what officers' pseudonyms are made under; empty for a hub from before hubs had one: its readers are unnamed."""
    try:
        return keys.load_secret(role.key("id"))
    except NotFound:
        if role.code == HUB:
            return b""
        raise
