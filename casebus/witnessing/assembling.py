"""How a role's part in witnessing is put together from its directory. Called by `casebus.roles` alone."""

from collections.abc import Sequence
from contextlib import ExitStack

from casebus import keys
from casebus.bus.consume import Loop
from casebus.bus.log import Log
from casebus.clock import Clock
from casebus.directory import Directory
from casebus.errors import CasebusError, Conflict, LedgerClosed, UsageError, VerificationFailed
from casebus.layout import RoleLayout
from casebus.ledger.policy import MAX_POLICY_BYTES, Policy, parse_policy
from casebus.ledger.sequencer import Ledger, LedgerTransaction
from casebus.ledger.vkey import VerifierKey, parse_vkey
from casebus.ledger.witness import Witness
from casebus.store.store import Store
from casebus.witnessing.answering import Answering
from casebus.witnessing.asking import Asking, stopped_by
from casebus.witnessing.evidence import evidence_in, origin_of

LOCK_WAIT_S = 5.0
"""For so long a process of the same role may be on its way out."""

_LOCK_PAUSE_S = 0.05
LAST_ROUND_S = 6.0
"""For so long the witnesses are given to cosign the final checkpoint of a closed ledger while records wait for the next."""


class Refusing:
    """A part that cannot work, and says why when it is asked to: its component ends, the rest of the role goes on."""

    def __init__(self, error: CasebusError) -> None:
        self._error = error

    def step(self) -> int:
        """Raise why."""
        raise self._error

    def idle(self) -> bool:
        """Say no."""
        return False


class UntilClosed:
    """The ledger's loop. A ledger that was closed for good ends it, after the witnesses had time for the last checkpoint."""

    def __init__(self, loop: Loop[LedgerTransaction], clock: Clock) -> None:
        self._loop = loop
        self._clock = clock
        self._closed_at: float | None = None

    def step(self) -> int:
        """Log one batch of each topic. Raises `LedgerClosed` once a record waits for a closed ledger for some seconds."""
        try:
            return self._loop.step()
        except LedgerClosed:
            now = self._clock.monotonic()
            self._closed_at = now if self._closed_at is None else self._closed_at
            if now - self._closed_at < LAST_ROUND_S:
                return 0
            raise

    def idle(self) -> bool:
        """Tell whether nothing waits."""
        return self._loop.idle()


def read_vkey(line: str, what: str) -> VerifierKey:
    """Return a key of the directory. Raises `UsageError` that names it."""
    try:
        return parse_vkey(line)
    except VerificationFailed as error:
        raise UsageError(
            f"the {what} in directory.toml cannot be used: {error.what}", next_step="correct directory.toml."
        ) from error


def answering_parts(
    role: RoleLayout, directory: Directory, log: Log, store: Store, clock: Clock, stack: ExitStack
) -> tuple[Answering | Refusing, ...]:
    """Return an agency's witness; nothing where the directory names no ledger or no witness of this agency.

    One that has lost its memory refuses, by itself.
    """
    line = directory.agency(role.code).witness_key
    if directory.ledger_key is None or line is None:
        return ()
    log_key = read_vkey(directory.ledger_key, "ledger_key")
    try:
        witness = _open_witness(role, read_vkey(line, f"witness_key of {role.code}"), log_key, clock)
    except VerificationFailed as error:
        return (Refusing(error),)
    stack.callback(witness.close)
    agencies = [agency.code for agency in directory.agencies]
    return (Answering(role.code, agencies, log_key, witness, log, store, clock),)


def _open_witness(role: RoleLayout, own: VerifierKey, log_key: VerifierKey, clock: Clock) -> Witness:
    key = keys.load_signing_key(role.key("witness"))
    if keys.public_bytes(key) != own.public_key:
        raise UsageError(
            f"{role.key('witness')} is not the witness_key of {role.code} in directory.toml",
            next_step="restore the key, or name the new one in every directory.toml and policy.",
        )
    deadline = clock.monotonic() + LOCK_WAIT_S
    while True:
        try:
            return Witness.open(role.witness, key, own.name, [log_key], clock, may_be_new=False)
        except Conflict:
            if clock.monotonic() >= deadline:
                raise
            clock.sleep(_LOCK_PAUSE_S)


def policy_of(role: RoleLayout) -> Policy | None:
    """Return the hub's policy, None where it has none. Raises `VerificationFailed` naming the line, `UsageError`."""
    try:
        with role.policy.open("rb") as file:
            content = file.read(MAX_POLICY_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{role.policy} cannot be read: {error.strerror}") from error
    return parse_policy(content.decode("utf-8", "replace"))


def asked_agencies(role: RoleLayout, agencies: Sequence[str], origin: str) -> list[str]:
    """Return the agencies whose witnesses the hub asks over the bus to cosign a ledger. Raises as `policy_of` does."""
    policy = policy_of(role)
    if policy is None or origin not in {key.name for key in policy.logs}:
        return []
    return [name for name in policy.witnesses if name in agencies]


def asking_parts(
    ledger: Ledger, role: RoleLayout, agencies: Sequence[str], log: Log, store: Store, clock: Clock
) -> tuple[Asking, ...]:
    """Return what asks the witnesses of the hub's policy; nothing where it has none, or one for another ledger."""
    policy = policy_of(role)
    if policy is None or not asked_agencies(role, agencies, ledger.vkey.name):
        return ()
    if ledger.vkey not in policy.logs:
        raise UsageError(
            f"{role.policy} names another key for this ledger than it has", next_step="correct its log line."
        )
    return (Asking(ledger, role.ledger, role.evidence, policy, agencies, log, store, clock),)


def stop_of(role: RoleLayout, origin: str) -> VerificationFailed | None:
    """Return why the hub signs nothing of a ledger any more, None where there is no evidence against that one."""
    found = [path for path in evidence_in(role.evidence) if origin_of(path) in (origin, None)]
    return stopped_by("its key signed what the ledger never was", found[0]) if found else None
