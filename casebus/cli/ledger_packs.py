"""`casebus ledger export` and `check-pack`: records of a ledger, with everything that shows offline that they are in it."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from casebus import keys
from casebus.cli.event_options import given_id
from casebus.cli.ledger_access import place_of, record_reading
from casebus.cli.ledger_finding import find_asked
from casebus.cli.ledger_options import Key, LedgerDirectory, checked_policy, given_file, given_key, refuse_missing
from casebus.cli.ledger_proofs import HiddenData, PolicyFile
from casebus.cli.ledger_reports import tell_report
from casebus.cli.options import AsJson, Officer, clock
from casebus.cli.output import page, print_json, words
from casebus.desk import UNNAMED, pseudonym
from casebus.directory import Directory
from casebus.errors import CasebusError, NotFound, UsageError
from casebus.layout import HUB, Layout
from casebus.ledger.pack import MAX_DIRECTORY_BYTES, PackOrder, export_pack
from casebus.ledger.pack_check import Trust
from casebus.ledger.pack_check import check_pack as check
from casebus.ledger.pack_manifest import NOT_SHOWN, Manifest, Selection
from casebus.ledger.pack_zip import MAX_RECORDS
from casebus.ledger.vkey import parse_vkey

FIELDS = ("index", "topic", "position", "record", "payload")
DirectoryFile = Annotated[
    Path | None, typer.Option("--directory", help="A directory.toml of your own, whose keys are believed.")
]


def export(
    ledger: LedgerDirectory,
    key: Key,
    out: Annotated[Path, typer.Option("--out", help="The pack, a zip that is not there yet.", show_default=False)],
    case: Annotated[str | None, typer.Option("--case", help="Every event that names the case of this id.")] = None,
    tip: Annotated[str | None, typer.Option("--tip", help="Every event that names the tip of this id.")] = None,
    conflict: Annotated[
        str | None, typer.Option("--conflict", help="Every event that names the conflict of this id.")
    ] = None,
    event: Annotated[str | None, typer.Option("--event", help="The event of this id.")] = None,
    index: Annotated[list[int] | None, typer.Option("--index", help="This entry; may be repeated.", min=0)] = None,
    start: Annotated[int | None, typer.Option("--from", help="Every entry from this index on.", min=0)] = None,
    to: Annotated[int | None, typer.Option("--to", help="Stop before this index.", min=1)] = None,
    policy: PolicyFile = None,
    directory: DirectoryFile = None,
    officer: Officer = None,
    data: HiddenData = None,
    as_json: AsJson = False,
) -> None:
    """Write an evidence pack: records, their proofs, keys, schemas and a page that explains each check.

    That it holds all records of a case is shown by nobody but who exports, or by a full copy of the ledger.
    """
    refuse_missing(ledger)
    named = {"case": case, "tip": tip, "conflict": conflict, "event": event}
    asked = {by: given_id(f"--{by}", value) for by, value in named.items()}
    found = _directory(ledger, data, directory)
    by, indices, selection = _selected(ledger, found, asked, index, _range(start, to))
    order = PackOrder(
        key=parse_vkey(given_key(key)),
        indices=indices,
        selection=selection,
        made_by=_exporter(ledger, officer, data),
        made_at=clock().now().replace(microsecond=0),
        command=_command(by, policy),
        policy=checked_policy(policy),
        directory=found[1] if found else None,
    )
    references = [selection.id] if selection.id else [f"index-{each}" for each in indices]
    record_reading(ledger, fields=FIELDS, references=references, officer=officer, data=data)
    _tell(export_pack(ledger, out, order), out, as_json)


def check_pack(
    pack: Annotated[Path, typer.Argument(help="A pack that `casebus ledger export` wrote.", show_default=False)],
    key: Key,
    policy: PolicyFile = None,
    directory: DirectoryFile = None,
    data: HiddenData = None,
    as_json: AsJson = False,
) -> None:
    """Check an evidence pack offline, in numbered steps, against the ledger's key and, for witnesses, a policy.

    Key, policy and directory are those that you have from somewhere else: a pack vouches for itself in nothing.
    """
    if not pack.exists():
        raise NotFound(f"there is no pack at {pack}")
    if directory and directory.exists():
        given_file(directory, MAX_DIRECTORY_BYTES)  # refuses what is no file and might never answer
    own = Directory.load(directory) if directory else None
    trust = Trust(given_key(key), checked_policy(policy), own)
    tell_report(check(pack, trust, now=clock().now()), "the pack", as_json, not_shown=NOT_SHOWN)


_Found = tuple[Directory, str] | None
"""A directory with the text of its file, which goes into the pack."""


def _directory(ledger: Path, data: Path | None, given: Path | None) -> _Found:
    for path in (given, *(Layout(root).directory for root in (data, ledger.absolute().parent.parent) if root)):
        if path is not None and (path == given or path.exists()):
            text = given_file(path, MAX_DIRECTORY_BYTES).decode("utf-8", "replace")
            return Directory.from_toml(text), text
    words().print("No directory.toml is at hand: the pack will hold no agencies' keys. Name one with --directory.")
    return None


def _range(start: int | None, to: int | None) -> range | None:
    if (start is None) != (to is None):
        raise UsageError("a range needs both of its ends", next_step="give --from and --to.")
    if start is None or to is None:
        return None
    if not start < to <= start + MAX_RECORDS:
        raise UsageError(f"a range is of 1 to {MAX_RECORDS} entries; --to is not included")
    return range(start, to)


def _selected(
    ledger: Path, found: _Found, asked: dict[str, str | None], index: list[int] | None, span: range | None
) -> tuple[str, tuple[int, ...], Selection]:
    given = {
        by: value for by, value in (*asked.items(), ("index", index or None), ("range", span)) if value is not None
    }
    if len(given) != 1:
        raise UsageError(
            "one thing is exported at a time",
            next_step="give one of --case, --tip, --conflict, --event, --index, --from with --to.",
        )
    by = next(iter(given))
    if by in ("index", "range"):
        named = tuple(sorted(set(span or index or ())))
        selection = {"id": None, "matched": len(named), "searched": 0, "unread": 0}
        return by, named, Selection.model_validate({"by": by, **selection})
    hits = find_asked(ledger, found[0] if found else None, by, str(given[by]))
    counts = {"matched": len(hits.indices), "searched": hits.searched, "unread": hits.unread}
    return by, hits.indices, Selection.model_validate({"by": by, "id": given[by], **counts})


def _command(by: str, policy: Path | None) -> str:
    """Return the command without any value that was given."""
    option = "--from N --to N" if by == "range" else f"--{by} {'N' if by == 'index' else 'ID'}"
    return f"casebus ledger export LEDGER --out PACK --key VKEY {option}{' --policy POLICY' if policy else ''}"


def _exporter(ledger: Path, officer: str | None, data: Path | None) -> str:
    """Return the pseudonym under which the hub knows the officer; on a copy there is no key to make one."""
    layout = place_of(ledger, data)
    if layout is not None:
        with suppress(CasebusError, OSError):
            return pseudonym(keys.load_secret(layout.role(HUB).key("id")), officer)
    return UNNAMED


def _tell(manifest: Manifest, out: Path, as_json: bool) -> None:
    if as_json:
        facts = manifest.facts.model_dump(mode="json")
        print_json({"pack": str(out), "made_by": manifest.made_by, "made_at": manifest.made_at, **facts})
        return
    for line in manifest.statement:
        page().print(line, markup=False)
    words().print(f"{out} holds {len(manifest.facts.records)} entries. `casebus ledger check-pack` checks it.")
