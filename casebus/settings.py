"""`casebus.toml`: which bus and which database, and whether this is training. Secrets are named by file, never held."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from casebus.errors import NotFound, UsageError

MAX_BYTES = 65_536
THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
"""Where nothing crosses a network, so that no TLS is asked for."""


class ConsoleSettings(BaseModel):
    """How one agency's console is served: `[console.nz-police]`. An agency without this table serves none.

    `origin` is its address as browsers see it (https://...), null where that is bind and port. The `tls_*` files are a
    certificate and its key in PEM; without them it is bound to this machine only, unless `behind_proxy` says that what is
    in front of it speaks TLS. Officers log in through `oidc_issuer`, whose client secret is in a file, and are known by
    `oidc_officer_claim`; `training_login` lets any listed officer in by name, and is refused outside of training.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)

    port: Annotated[int, Field(ge=1, le=65535)]
    bind: Annotated[str, Field(pattern=r"^[0-9A-Za-z.:-]{1,100}$")] = "127.0.0.1"
    origin: Annotated[str, Field(pattern=r"^https?://[0-9A-Za-z.:-]{1,200}$")] | None = None
    behind_proxy: bool = False
    tls_certificate_file: str | None = None
    tls_key_file: str | None = None
    training_login: bool = False
    oidc_issuer: Annotated[str, Field(pattern=r"^https?://[!-~]{1,300}$")] | None = None
    oidc_client_id: Annotated[str, Field(max_length=200)] | None = None
    oidc_client_secret_file: str | None = None
    oidc_ca_file: str | None = None
    oidc_officer_claim: Annotated[str, Field(pattern=r"^[A-Za-z0-9_:/.-]{1,100}$")] = "sub"

    @property
    def address(self) -> str:
        """The console's address, as browsers see it."""
        scheme = "https" if self.tls_certificate_file else "http"
        host = f"[{self.bind}]" if ":" in self.bind else self.bind
        return self.origin or f"{scheme}://{host}:{self.port}"


_ADDRESS = r"^[0-9A-Za-z.!#$%&'*+/=?^_`{|}~-]{1,64}@[0-9A-Za-z.-]{1,200}$"


class NotifySettings(BaseModel):
    """Whom one agency's node tells that an alert waits: `[notify.nz-police]`. A webhook, e-mail, or both.

    Secrets are in files: the webhook's is what its messages are signed with. `mail_server` is HOST:PORT; TLS is begun
    with STARTTLS, unless it is on this machine. `least_severity` leaves less urgent alerts to the board.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)

    webhook_url: (
        Annotated[str, Field(pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])[!-~]{1,500}$")] | None
    ) = None
    webhook_secret_file: str | None = None
    webhook_ca_file: str | None = None
    mail_server: Annotated[str, Field(pattern=r"^[0-9A-Za-z.-]{1,200}:[0-9]{1,5}$")] | None = None
    mail_from: Annotated[str, Field(pattern=_ADDRESS)] | None = None
    mail_to: Annotated[list[Annotated[str, Field(pattern=_ADDRESS)]], Field(max_length=20)] = Field(
        default_factory=list
    )
    mail_username: Annotated[str, Field(max_length=200)] | None = None
    mail_password_file: str | None = None
    mail_ca_file: str | None = None
    least_severity: Literal["routine", "high", "immediate"] = "high"


class Settings(BaseModel):
    """The settings of one data directory.

    `bootstrap` is HOST:PORT[,HOST:PORT] of Apache Kafka, null for the embedded Log. `database_file` is a file that has
    the URL of PostgreSQL, null for the embedded Store. `ledger_origin` names the ledger for ever;
    `ledger_continues` is the directory of the closed ledger that it goes on from, null for the first. The `kafka_*` files
    hold certificates, a key and a password. `installation` is made by `init` and saved in the database too, so that two
    data directories never share one; null is not checked.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)

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
    console: dict[Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")], ConsoleSettings] = Field(default_factory=dict)
    notify: dict[Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")], NotifySettings] = Field(default_factory=dict)

    def to_toml(self) -> str:
        """Return the file's text; absent is null."""
        lines = _lines(self.model_dump(exclude_none=True, exclude={"console", "notify"}))
        for name, tables in (("console", self.console), ("notify", self.notify)):
            for agency, table in tables.items():
                lines += ["", f"[{name}.{agency}]", *_lines(table.model_dump(exclude_none=True))]
        return "\n".join(lines) + "\n"


def _lines(values: Mapping[str, object]) -> list[str]:
    return [f"{name} = {_shown(value)}" for name, value in values.items()]


def _shown(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value).lower() if isinstance(value, bool | int) else '"' + str(value).replace("\\", "\\\\") + '"'


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


def secret_of(file: str | None, name: str) -> bytes:
    """Return the secret of the file that a setting names. Raises `UsageError` where it is not set, or cannot be read."""
    if file is None:
        raise UsageError(f"{name} is not set", next_step="secrets are named by file in casebus.toml.")
    try:
        return Path(file).read_bytes().strip()
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}", next_step="name a readable file.") from error


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
