"""A real PostgreSQL server for a test session, on a loopback port, gone with the session however that ends.

A watcher process holds a pipe from the session. When the pipe closes, because the session is over or was killed, the
watcher stops the server and removes its files: the normal end and the worst one take the same path.
"""

import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import psycopg

USER = "casebus"
_PROGRAMS = ("initdb", "pg_ctl", "postgres")
_PLACES = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "usr/local/pgsql/bin", "opt/homebrew/opt/postgresql*/bin")
# Durability against a crash of the machine is not what tests can see; fsync=off is a quarter of the time.
_OPTIONS = "-c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB -c max_connections=40 -c autovacuum=off"


class Missing(Exception):
    """The machine cannot run a server; the text says why."""


class PostgresServer:
    """One server in a temporary folder. Raises `Missing` where the machine has no server programs."""

    def __init__(self) -> None:
        self._programs = _find_programs()
        self._prefix, owner = _as_server_user()
        self.folder = Path(tempfile.mkdtemp(prefix="casebus-postgres-", dir="/tmp"))
        self._watcher = _watch(self.folder, [*self._prefix, str(self._programs / "pg_ctl")])
        try:
            self._password = secrets.token_urlsafe(24)
            password_file = self.folder / "password"
            password_file.write_text(self._password)
            password_file.chmod(0o600)
            if owner is not None:
                for made in (self.folder, password_file):
                    shutil.chown(made, owner, owner)
            self._make(password_file)
            self._start()
            self._database = self._make_database()
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        """The address of a database, with its password."""
        return f"postgresql://{USER}:{self._password}@127.0.0.1:{self._port}/{self._database}"

    def stop(self) -> None:
        """Stop the server and remove its files."""
        if self._watcher.stdin is not None:
            self._watcher.stdin.close()
        self._watcher.wait(timeout=120)

    def restart(self) -> None:
        """End every session at once, as a crash of the server does, and start again on the same port."""
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")
        self._run(*self._starting())

    def _make(self, password_file: Path) -> None:
        self._run(
            "initdb", "-D", "data", "-U", USER, "-A", "scram-sha-256", f"--pwfile={password_file}",
            "--encoding=UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip

    def _start(self) -> None:
        for attempt in range(5):
            # Somebody may take the port between our asking for it and the server's binding it.
            self._port = _free_port()
            try:
                return self._run(*self._starting())
            except subprocess.CalledProcessError:
                if attempt == 4:
                    raise RuntimeError((self.folder / "log").read_text(errors="replace")) from None
        return None

    def _make_database(self) -> str:
        """Make a database whose own order of text is not by code point, where this server has any such locale."""
        server = f"postgresql://{USER}:{self._password}@127.0.0.1:{self._port}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            try:
                connection.execute("CREATE DATABASE tests TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'")
            except psycopg.Error:
                connection.execute("CREATE DATABASE tests")
        return "tests"

    def _starting(self) -> list[str]:
        options = f"{_OPTIONS} -p {self._port} -k {self.folder}"
        return ["pg_ctl", "-D", "data", "-l", "log", "-w", "-t", "100", "-o", options, "start"]

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._prefix, str(self._programs / program), *arguments]
        # Output goes nowhere rather than to a pipe, which the server would inherit and keep open.
        subprocess.run(
            command, cwd=self.folder, env={**os.environ, "LC_ALL": "C"}, check=True, timeout=120,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


def _find_programs() -> Path:
    """Return the folder of the newest server programs."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    for pattern in _PLACES:
        folders += sorted(Path("/").glob(pattern), key=_version, reverse=True)
    for folder in folders:
        if all(os.access(folder / program, os.X_OK) for program in _PROGRAMS):
            return folder.resolve()
    raise Missing("no PostgreSQL server programs (initdb, pg_ctl, postgres) on PATH or in /usr/lib/postgresql")


def _version(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(folder))]


def _as_server_user() -> tuple[list[str], str | None]:
    """Return what starts a command as a user that may run a server (never root), and that user if it is another."""
    if os.geteuid() != 0:
        return [], None
    with suppress(KeyError):
        pwd.getpwnam("postgres")
        if shutil.which("runuser"):
            return ["runuser", "-u", "postgres", "--"], "postgres"
    raise Missing("PostgreSQL does not run as root, and there is no runuser or no user postgres")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _watch(folder: Path, pg_ctl: list[str]) -> subprocess.Popen[bytes]:
    # A session of its own: the interrupt key at the terminal must not reach it.
    command = [sys.executable, __file__, str(folder), *pg_ctl]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, cwd="/", start_new_session=True)


def _clean_up_after_the_session(folder: Path, pg_ctl: list[str]) -> None:
    """Wait for the pipe to close, then leave nothing behind."""
    sys.stdin.buffer.read()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    subprocess.run([*pg_ctl, "-D", "data", "-m", "immediate", "-w", "stop"], check=False, **quiet)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _clean_up_after_the_session(Path(sys.argv[1]), sys.argv[2:])
