"""`casebus.toml`: which bus and which database, and whether this is training. Secrets are named by file, never held."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from casebus.errors import NotFound, UsageError

MAX_BYTES = 65_536


class Settings(BaseModel):
    """The settings of one data directory.

    `bootstrap` is HOST:PORT[,HOST:PORT] of Apache Kafka, null for the embedded Log. `database_file` is a file that has
    the URL of PostgreSQL, null for the embedded Store. `ledger_origin` names the ledger for ever;
    `ledger_continues` is the directory of the closed ledger that it goes on from, null for the first. The `kafka_*` files
    hold certificates, a key and a password. `installation` is made by `init` and saved in the database too, so that two
    data directories never share one; null is not checked.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    training: bool = False
    ledger_origin: Annotated[str, Field(pattern=r"^[a-z0-9./-]{1,200}$")]
    ledger_continues: str | None = None
    installation: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")] | None = None
    bootstrap: str | None = None
    database_file: str | None = None
    kafka_ca_file: str | None = None
    kafka_certificate_file: str | None = None
    kafka_key_file: str | None = None
    kafka_username: str | None = None
    kafka_password_file: str | None = None
    replication_factor: Annotated[int, Field(ge=1, le=9)] = 1

    def to_toml(self) -> str:
        """Return the file's text; absent is null."""
        lines = []
        for name, value in self.model_dump(exclude_none=True).items():
            shown = (
                str(value).lower() if isinstance(value, bool | int) else '"' + str(value).replace("\\", "\\\\") + '"'
            )
            lines.append(f"{name} = {shown}")
        return "\n".join(lines) + "\n"


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read `casebus.toml`; CASEBUS_BOOTSTRAP and CASEBUS_DATABASE_FILE stand above it.

    Raises `NotFound` where nothing was initialised, `UsageError` for a wrong file.
    """
    try:
        text = path.read_bytes()[: MAX_BYTES + 1].decode()
        given = tomllib.loads(text)
        for name, variable in (("bootstrap", "CASEBUS_BOOTSTRAP"), ("database_file", "CASEBUS_DATABASE_FILE")):
            if environment.get(variable):
                given[name] = environment[variable]
        return Settings.model_validate(given)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(
            f"there is no casebus in {path.parent}", next_step=f"make one with `casebus init --data {path.parent}`."
        ) from error
    except OSError as error:  # a directory in its place, a name that no file can have, somebody else's file
        raise UsageError(
            f"{path.name} in {str(path.parent)[:200]} cannot be read: {error.strerror}",
            next_step="name the data directory that `casebus init` made.",
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} is not TOML in UTF-8", next_step="correct it by hand.") from error
    except ValidationError as error:
        places = ", ".join(".".join(map(str, e["loc"])) for e in error.errors())
        raise UsageError(f"{path} has wrong settings: {places}", next_step="see docs/getting-started.md.") from error


def database_url(settings: Settings) -> str | None:
    """Return the URL of PostgreSQL from its file, None for the embedded Store."""
    if settings.database_file is None:
        return None
    try:
        return Path(settings.database_file).read_text().strip()
    except OSError as error:
        raise UsageError(
            f"the database file cannot be read: {error.strerror}",
            next_step="CASEBUS_DATABASE_FILE names a readable file.",
        ) from error
