"""`casebus log`: the records of one topic, decoded, and a search of all; identifiers appear as tokens only."""

from collections.abc import Iterator
from contextlib import closing
from typing import Annotated, Any

import typer

from casebus.cli import ledger_index
from casebus.cli.ledger_access import put_on_record
from casebus.cli.options import Data, Officer, installation
from casebus.cli.output import print_jsonl
from casebus.errors import NotFound, WireError
from casebus.events.catalogue import writer_of
from casebus.roles import Installation
from casebus.wire.seal import Opener

app = typer.Typer(no_args_is_help=True, help="The bus itself, record by record, and searched. Reading it is on record.")
app.command("search")(ledger_index.find)
BATCH = 500
FIELDS = ("topic", "position", "appended_at", "id", "type", "source", "key", "payload")


@app.command("tail")
def tail(
    topic: Annotated[str, typer.Argument(help="casebus.nz-police.events", show_default=False)],
    data: Data = None,
    start: Annotated[int, typer.Option("--from", help="The first position.", min=0)] = 0,
    officer: Officer = None,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line (the only form).")] = True,
) -> None:
    """Print records from a position to the end, verified and decoded; what cannot be accepted says why."""
    found = installation(data)
    try:
        _, owner = writer_of(topic)
        found.role(owner)
    except ValueError as error:
        raise NotFound(f"no topic {topic[:80]!r}", next_step="`casebus status` lists the topics.") from error
    put_on_record(found, owner, officer, "log", [topic], FIELDS)
    print_jsonl(_records(found, topic, start))


def _records(found: Installation, topic: str, start: int) -> Iterator[dict[str, Any]]:
    opener = Opener(found.schemas, found.directory)
    with closing(found.open_log("tail")) as log:
        end = log.end(topic)
        while start < end:
            batch = log.read(topic, start, limit=BATCH)
            for recorded in batch:
                try:
                    received = opener.open(recorded)
                    shown: dict[str, Any] = {
                        "id": received.event.id,
                        "type": received.event.type,
                        "source": received.event.source,
                        "key": received.event.partition_key,
                        "payload": received.event.payload.model_dump(mode="json"),
                    }
                except WireError as error:
                    shown = {"refused": error.reason.value}
                yield {
                    "topic": topic,
                    "position": recorded.position,
                    "appended_at": recorded.appended_at.isoformat().replace("+00:00", "Z"),
                    **shown,
                }
            if not batch:
                return
            start = batch[-1].position + 1
