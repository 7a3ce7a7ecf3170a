"""`officers.toml` of an agency: who may act at its desk, and as what. It never leaves the node.

The file says besides what somebody is who is not listed and can run the command line at this node, hence can read its
keys and its state anyway: `unlisted = "officer"` as `init` leaves it, or no such line for nobody. A console that lets people
in by name lets in who is listed, and nobody else.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from casebus.cases.access import DeskRole, Kind, Thing, Viewer, may_view
from casebus.errors import NotFound, UsageError

_MAX_BYTES = 1_000_000
_HEADER = """\
# Who may act at this agency's desk, and as what: officer, desk_lead, operator. This file never leaves the node.
# `unlisted` is what somebody is who is not listed and uses the command line here; without the line, nobody.
"""


class Officer(BaseModel):
    """One officer: the id that the agency gave, and the role at the desk."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    id: Annotated[str, Field(min_length=1, max_length=200)]
    role: Annotated[DeskRole, Field(strict=False)]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    unlisted: Annotated[DeskRole, Field(strict=False)] | None = None
    officers: Annotated[tuple[Officer, ...], Field(strict=False, max_length=10_000)] = ()


@dataclass(frozen=True)
class Officers:
    """The officers of one agency."""

    agency: str
    listed: tuple[Officer, ...]
    unlisted: DeskRole | None

    @staticmethod
    def load(path: Path, agency: str) -> "Officers":
        """Read the file. Raises `NotFound`, `UsageError`."""
        try:
            with path.open("rb") as file:
                read = _File.model_validate(tomllib.loads(file.read(_MAX_BYTES).decode()))
        except FileNotFoundError as error:
            raise NotFound(
                f"{path} is missing: nobody may act at this desk", next_step="restore it, or write it anew."
            ) from error
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UsageError(f"{path} cannot be read as TOML in UTF-8", next_step="correct it by hand.") from error
        except ValidationError as error:
            place = ".".join(map(str, error.errors(include_input=False, include_url=False)[0]["loc"]))
            raise UsageError(f"{path} is wrong at {place}", next_step="correct it by hand.") from error
        if len({officer.id for officer in read.officers}) != len(read.officers):
            raise UsageError(f"{path} lists an officer twice", next_step="correct it by hand.")
        return Officers(agency, read.officers, read.unlisted)

    def role_of(self, officer: str | None) -> DeskRole | None:
        """Return what a listed officer is; None for who is not listed."""
        return next((each.role for each in self.listed if each.id == officer), None)

    def may_be_given(self, officer: str, by: str | None) -> bool:
        """Tell whether an alert can be put in somebody's hand: the list has them as one who sees alerts. Who is not listed can
        have it where they act themselves, or where nobody is listed, as what `unlisted` makes of them.
        """
        unlisted = self.unlisted if officer == by or not self.listed else None
        viewer = Viewer(self.agency, officer, self.role_of(officer) or unlisted)
        return may_view(viewer, Thing(Kind.alert, self.agency)).allowed

    def viewer(self, officer: str | None) -> Viewer:
        """Return who is looking from the command line."""
        return Viewer(self.agency, officer, self.role_of(officer) or self.unlisted)


def officers_toml(officers: tuple[Officer, ...], unlisted: DeskRole | None) -> str:
    """Return the file's text."""
    lines = [f'unlisted = "{unlisted.value}"'] if unlisted else []
    for officer in officers:
        lines += ["", "[[officers]]", f'id = "{officer.id}"', f'role = "{officer.role.value}"']
    return _HEADER + "\n".join(lines) + "\n"
