"""What somebody takes away from a desk by the command line: every reading command that gives out what the desk holds, as
JSON and as words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from casebus.cli.main import assembled
from casebus.errors import CasebusError

OF_THE_DESK = (
    ("alerts", "list"),
    ("desk", "releases"),
    ("referrals", "list"),
    ("welfare", "list"),
    ("outcomes", "list"),
    ("deconflict", "list"),
)
OF_ONE_ALERT = (("alerts", "show"), ("alerts", "history"), ("desk", "messages"), ("desk", "lead"))
OF_ONE_CHECK = (("deconflict", "show"),)
OF_TWO_RECORDS = (("match", "explain"),)
READING = (*OF_THE_DESK, *OF_ONE_ALERT, *OF_ONE_CHECK, *OF_TWO_RECORDS)


@dataclass(frozen=True)
class Exported:
    """What a command gave: its exit code, all that it printed, and what it would say of an error."""

    words: tuple[str, ...]
    code: int
    text: str


class Exporter:
    """Runs commands of one agency's desk for one officer."""

    def __init__(self, data: Path, agency: str, officer: str, *, as_json: bool) -> None:
        form = ("--json",) if as_json else ()
        self._common = ("--data", str(data), "--agency", agency, "--officer", officer, *form)

    def each(self, commands: Sequence[tuple[str, ...]], *arguments: str) -> list[Exported]:
        """Return what these commands give."""
        return [self.run(*each, *arguments) for each in commands]

    def run(self, *words: str) -> Exported:
        """Return what one command gives."""
        ran = CliRunner().invoke(assembled(words), [*words, *self._common])
        error = ran.exception
        assert error is None or isinstance(error, CasebusError | SystemExit), f"{words}: {error!r}"
        said = error.diagnostics() if isinstance(error, CasebusError) else ""
        return Exported(words, error.exit_code if isinstance(error, CasebusError) else ran.exit_code, ran.output + said)
