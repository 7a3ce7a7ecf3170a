"""`casebus keys`: the keys to which partners seal what is for this agency's eyes only, and how they are renewed.

`casebus keys token` is about the key under which all agencies make tokens.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer

from casebus import keys
from casebus.cli import token_keys
from casebus.cli.alerts import in_utc
from casebus.cli.options import Agency, AsJson, Data, installation
from casebus.cli.output import page, print_json, words
from casebus.desk.plain import iso, iso_or_null
from casebus.directory import Directory, PublicKey, encryption_key_lines
from casebus.installing import encryption_entry

app = typer.Typer(no_args_is_help=True, help="The keys to which partners seal what is for this agency's eyes only.")
app.add_typer(token_keys.app, name="token")


@app.command("list")
def list_keys(agency: Agency, data: Data = None, as_json: AsJson = False) -> None:
    """List an agency's encryption keys: what the directory says of each, and whether its private half is here."""
    found = installation(data)
    held = keys.load_encryption_keys(found.role(agency).keys, agency)
    rows = _rows(found.directory, agency, set(held), found.clock.now())
    if as_json:
        print_json({"agency": agency, "keys": rows})
        return
    for row in rows:
        valid = f"from {row['valid_from']} to {row['valid_to'] or 'further notice'}" if row["valid_from"] else "nowhere"
        here = "here" if row["here"] else "NOT HERE: what is sealed to it cannot be opened"
        now = ", sealed to now" if row["in_use"] else ""
        page().print(f"{row['id']}  in directory.toml {valid}{now}; private half {here}", markup=False)


@app.command("rotate")
def rotate(
    agency: Agency,
    data: Data = None,
    valid_from: Annotated[
        datetime | None, typer.Option("--valid-from", help="UTC: from when partners seal to it; from now, if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a new encryption key beside the old ones, and print what every node's directory.toml has to say of it.

    Nothing seals to it before a directory names it, and what is sealed to an old key is opened for as long as that key's
    file is there: take it away when nothing can be under way to it any more. The node reads its keys when it starts.
    """
    found = installation(data)
    role, since = found.role(agency), in_utc(valid_from) if valid_from else found.clock.now()
    keys.load_encryption_keys(role.keys, agency)
    private = keys.make_encryption_key()
    entry = encryption_entry(agency, private, since)
    path = role.key(f"encryption-{entry.id.removeprefix(f'{agency}-')}")
    keys.write_private_key(path, private)
    lines = encryption_key_lines(entry)
    if as_json:
        print_json({"agency": agency, "id": entry.id, "file": path.name, "directory": "\n".join(lines) + "\n"})
        return
    page().print("\n" + "\n".join(lines), markup=False)
    words().print(
        f"{path.name} was made. Restart this node, then add these lines to directory.toml at every node: first here.",
        markup=False,
    )


@dataclass(frozen=True, slots=True)
class _Known:
    entry: PublicKey | None
    key_id: str


def _rows(directory: Directory, agency: str, held: set[str], now: datetime) -> list[dict[str, Any]]:
    named = [_Known(key, key.id) for key in directory.encryption_keys if key.owner == agency]
    unnamed = [_Known(None, key_id) for key_id in sorted(held - {each.key_id for each in named})]
    used = directory.encryption_key(agency, now)
    return [
        {
            "id": each.key_id,
            "valid_from": iso(each.entry.valid_from) if each.entry else None,
            "valid_to": iso_or_null(each.entry.valid_to) if each.entry else None,
            "revoked_at": iso_or_null(each.entry.revoked_at) if each.entry else None,
            "in_use": used is not None and used.id == each.key_id,
            "here": each.key_id in held,
        }
        for each in (*named, *unnamed)
    ]
