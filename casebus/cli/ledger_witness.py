"""`casebus ledger witness`: a witness that runs alone, for any log."""

import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from casebus import keys, logs
from casebus.cli.ledger_options import given_key
from casebus.cli.node import Stop
from casebus.cli.options import AsJson, clock
from casebus.cli.output import page, print_jsonl, words
from casebus.errors import NotFound, StoreError, UsageError, VerificationFailed
from casebus.ledger.files import read_file
from casebus.ledger.vkey import MAX_VKEY_CHARACTERS, VerifierKey, check_key_name, parse_vkey
from casebus.ledger.witness import Witness
from casebus.ledger.witness_directory import VKEY_FILE
from casebus.ledger.witness_http import WitnessServer

KEY_FILE = "witness.key"
_PAUSE_SECONDS = 0.1


def witness(
    log_key: Annotated[
        list[str],
        typer.Option(
            "--log-key", help="A log's key in C2SP form, or a file that holds it (may be repeated).", show_default=False
        ),
    ],
    state: Annotated[
        Path, typer.Option("--state", help="The witness's directory; made when it is not there.", show_default=False)
    ],
    port: Annotated[int, typer.Option("--port", help="Where to listen; 0 takes any free port.", min=0, max=65_535)],
    listen: Annotated[str, typer.Option("--listen", help="The IP address to listen on.")] = "127.0.0.1",
    name: Annotated[
        str | None,
        typer.Option("--name", help="The name in its cosignatures; chosen once, at the first start."),
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", envvar="CASEBUS_DATA", hidden=True)] = None,
    as_json: AsJson = False,
) -> None:
    """Cosign a log's checkpoints when they extend what was cosigned before; refuse, and keep the evidence, otherwise.

    Speaks tlog-witness (c2sp.org): POST /add-checkpoint, GET /<hex sha256(origin)>/checkpoint. The key is made in the
    state directory, its public half is STATE/witness.vkey. A witness that lost its state does not start: retire it.
    """
    stop = Stop()
    known = [_log_key(text) for text in log_key]
    key = _own_key(state)
    logs.configure_stream(sys.stderr, "witness")
    opened = Witness.open(state, key, _own_name(state, key, name), known, clock())
    with closing(opened), WitnessServer(opened, listen, port, clock()) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": _PAUSE_SECONDS}, daemon=True).start()
        _announce(opened, server.address, state, as_json)
        while not stop():
            clock().sleep(_PAUSE_SECONDS)
        server.shutdown()
    if stop.interrupted:
        raise typer.Abort


def _announce(opened: Witness, address: str, state: Path, as_json: bool) -> None:
    """Say on stdout, in one line, that it listens, and where."""
    if as_json:
        vkey = opened.vkey.format()
        print_jsonl([{"address": address, "name": opened.vkey.name, "vkey": vkey, "origins": list(opened.origins)}])
        return
    page().print(f"listening on {address} as {opened.vkey.name}", markup=False, soft_wrap=True)
    sys.stdout.flush()
    words().print(f"its key for policies: {state / VKEY_FILE}; Ctrl-C ends it", markup=False, soft_wrap=True)


def _log_key(text: str) -> VerifierKey:
    try:
        return parse_vkey(given_key(text, "--log-key"))
    except VerificationFailed as error:
        raise UsageError(
            f"--log-key is not a log's key: {error.what}", next_step="give the line in ledger.vkey, or the file."
        ) from error


def _own_key(state: Path) -> Ed25519PrivateKey:
    """Return the witness's key; make it where no witness was."""
    path = state / KEY_FILE
    if not path.exists():
        if (state / VKEY_FILE).exists():
            raise NotFound(
                f"there is no key at {path}, but a witness was here",
                next_step="restore the key from its backup; if it is lost, begin a new witness in another directory.",
            )
        try:
            state.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{state} cannot be made: {error.strerror}", next_step="name another --state.") from error
        keys.write_private_key(path, keys.make_signing_key())
    return keys.load_signing_key(path)


def _own_name(state: Path, key: Ed25519PrivateKey, asked: str | None) -> str:
    """Return the name that was asked for, or the one that it has, or one made from its key."""
    if asked is not None:
        try:
            check_key_name(asked)
        except VerificationFailed as error:
            raise UsageError(f"--name: {error.what}") from error
        return asked
    line = read_file(state / VKEY_FILE, MAX_VKEY_CHARACTERS + 1)
    if line is not None:
        return parse_vkey(line.decode("utf-8", "replace")).name
    return f"witness-{sha256(keys.public_bytes(key)).hexdigest()[:16]}"
