"""`casebus schema`: the contract between agencies."""

from typing import Any

import typer
from rich.table import Table

from casebus.cli.options import AsJson, Data
from casebus.cli.output import page, print_json
from casebus.errors import SchemaError
from casebus.events.catalogue import CATALOGUE
from casebus.wire.compatibility import check as check_schemas
from casebus.wire.schemas import Schemas, schemas_directory

app = typer.Typer(no_args_is_help=True, help="The schemas that agencies agree on.")


@app.command("list")
def list_schemas(data: Data = None, as_json: AsJson = False) -> None:
    """List event types with schema version, content GUID, writers and key."""
    rows: list[dict[str, Any]] = [
        {
            "type": schema.type,
            "version": schema.version,
            "guid": schema.guid.hex(),
            "writers": sorted(writer.value for writer in CATALOGUE[schema.type].writers),
            "key": CATALOGUE[schema.type].key,
        }
        for schema in Schemas.load()
    ]
    if as_json:
        print_json({"schemas": rows})
        return
    table = Table("type", "version", "guid", "written to", "key")
    for row in rows:
        table.add_row(row["type"], str(row["version"]), row["guid"], ", ".join(row["writers"]), row["key"])
    page().print(table)


@app.command("check")
def check(data: Data = None, as_json: AsJson = False) -> None:
    """Check the schemas: lock file, FULL_TRANSITIVE compatibility, lint, golden samples. Exit 8 on any finding."""
    findings = check_schemas(schemas_directory())
    if as_json:
        print_json({"findings": [str(finding) for finding in findings]})
    for finding in findings:
        page().print(str(finding), markup=False)
    if findings:
        raise SchemaError(f"{len(findings)} findings", next_step="see docs/events.md on how schemas may change.")
    if not as_json:
        page().print(f"{len(list(Schemas.load()))} schemas: locked, compatible, documented.")
