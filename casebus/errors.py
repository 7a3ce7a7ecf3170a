"""Every error that casebus raises on purpose, as one tree.

CasebusError
├── UsageError            exit 2   the command or the settings are wrong
├── VerificationFailed    exit 3   the ledger, or a copy of it, is not whole
├── NotFound              exit 4   no such alert, parked record, topic or directory (or not yours to see)
├── NotPermitted          exit 5   the agreement, the role or the key does not allow it
├── Conflict              exit 6   somebody else was first: a stale version, a directory in use
│   ├── StalePosition              a second instance of a consumer has moved on; this one stops
│   └── LedgerClosed               a ledger that was closed for good takes nothing more
├── Unavailable           exit 7   a broker, a database or a disk does not answer; trying again may help
│   ├── BusError                   from `casebus.bus`
│   │   └── RecordsGone            the bus no longer has records that should be read
│   ├── StoreError                 from `casebus.store`
│   │   └── DocumentUnreadable     a document that was taken lies in the spool and cannot be read
│   └── Stalled                    records wait and nothing moves
├── SchemaError           exit 8   a schema is unknown, unlocked or incompatible
├── PartlyDone            exit 9   done, but something was refused or parked
├── DocumentRefused       exit 9   an adapter cannot accept a document (a `RefusalCode`)
└── WireError             exit 9   a record on the bus cannot be accepted (a `ParkReason`)

Each says what failed, what was left unchanged and what to do next; `diagnostics()` is the text for people.
A broken invariant of our own is an `AssertionError("bug: ...")` and is never caught.
"""

from enum import StrEnum
from typing import ClassVar


class CasebusError(Exception):
    """The root. `code` names the error in docs/errors.md, `exit_code` is what the command line returns."""

    code: ClassVar[str] = "CB1000"
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, what: str, *, unchanged: str = "nothing was changed.", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.unchanged = unchanged
        self.next_step = next_step

    def diagnostics(self) -> str:
        """Return the text for people: what failed, what was left unchanged, what to do next."""
        lines = [f"error {self.code}: {self.what}"]
        if self.unchanged:
            lines.append(f"  {self.unchanged}")
        if self.next_step:
            lines.append(f"  next: {self.next_step}")
        return "\n".join(lines)


class UsageError(CasebusError):
    """The command, its arguments or the settings are wrong."""

    code = "CB2000"
    exit_code = 2


class VerificationFailed(CasebusError):
    """A check of the ledger failed; the log may have been rewritten or damaged."""

    code = "CB3000"
    exit_code = 3


class NotFound(CasebusError):
    """There is no such thing here, or it is not yours to see: both look the same."""

    code = "CB4000"
    exit_code = 4


class NotPermitted(CasebusError):
    """The agreement, the role or the key does not allow it."""

    code = "CB5000"
    exit_code = 5


class Conflict(CasebusError):
    """Somebody else was first."""

    code = "CB6000"
    exit_code = 6


class StalePosition(Conflict):
    """Another instance of this consumer has moved on; this one stops before it does anything twice."""

    code = "CB6001"


class LedgerClosed(Conflict):
    """The ledger was closed for good; the next one has not been begun."""

    code = "CB6002"


class Unavailable(CasebusError):
    """Something outside does not answer; trying again may help."""

    code = "CB7000"
    exit_code = 7
    retryable = True


class BusError(Unavailable):
    """The bus does not answer, or refused."""

    code = "CB7001"


class RecordsGone(BusError):
    """Records were lost from a topic. `first` is the first position that it still has, or its end."""

    code = "CB7004"

    def __init__(self, topic: str, first: int) -> None:
        super().__init__(
            f"{topic}: records were lost from the topic; it has nothing before position {first}",
            unchanged="the position was not moved.",
            next_step="restore the topic, or rebuild from the ledger's archive; never skip.",
        )
        self.first = first


class StoreError(Unavailable):
    """The state of a role cannot be read or written."""

    code = "CB7002"


class DocumentUnreadable(StoreError):
    """A document that was taken lies in the spool and cannot be read. It says nothing about any other."""

    code = "CB7005"


class Stalled(Unavailable):
    """Records wait and nothing moves."""

    code = "CB7003"


class SchemaError(CasebusError):
    """A schema is unknown, not in the lock file, or incompatible."""

    code = "CB8000"
    exit_code = 8


class PartlyDone(CasebusError):
    """The work is done, but something was refused or parked on the way."""

    code = "CB9000"
    exit_code = 9


class RefusalCode(StrEnum):
    """Why a document was refused. Each has a heading in docs/errors.md."""

    NOT_A_REGULAR_FILE = "not_a_regular_file"
    TOO_LARGE = "too_large"
    EMPTY = "empty"
    NOT_UTF8 = "not_utf8"
    NOT_A_DOCUMENT = "not_a_document"
    MALFORMED_JSON = "malformed_json"
    DUPLICATE_KEY = "duplicate_key"
    NOT_A_NUMBER = "not_a_number"
    TOO_DEEP = "too_deep"
    MALFORMED_XML = "malformed_xml"
    DOCTYPE = "doctype"
    NAMESPACE = "namespace"
    INCIDENT_SUMMARY = "incident_summary"
    LONE_FILE_DETAILS = "lone_file_details"
    REPORT_NUMBER = "report_number"
    WRONG_TYPE = "wrong_type"
    MISSING_FIELD = "missing_field"
    MALFORMED_CSV = "malformed_csv"
    UNKNOWN_COLUMN = "unknown_column"
    UNKNOWN_VALUE = "unknown_value"
    HANDLING_ABOVE_CEILING = "handling_above_ceiling"


class DocumentRefused(CasebusError):
    """An adapter cannot accept a document. The document is kept, unchanged, beside its report.

    The message names places (keys, elements, rows), never values: a value may be a person's identifier.
    """

    code = "CB9100"
    exit_code = 9

    def __init__(self, refusal: RefusalCode, what: str) -> None:
        super().__init__(
            what,
            unchanged="no event was published; the document was moved to refused/, unchanged.",
            next_step=f"see docs/errors.md#{refusal.value}, correct the document and put it into spool/in again.",
        )
        self.refusal = refusal


class ParkReason(StrEnum):
    """Why a record was parked. Each has a heading in docs/errors.md."""

    TOO_LARGE = "too_large"
    TOO_MANY_HEADERS = "too_many_headers"
    REPEATED_HEADER = "repeated_header"
    MALFORMED_HEADER = "malformed_header"
    UNKNOWN_SCHEMA = "unknown_schema"
    UNSIGNED = "unsigned"
    SIGNATURE_INVALID = "signature_invalid"
    UNKNOWN_KEY = "unknown_key"
    KEY_NOT_VALID = "key_not_valid"
    NOT_TOPIC_OWNER = "not_topic_owner"
    FOREIGN_PARTITION_KEY = "foreign_partition_key"
    WRONG_TYPE_FOR_TOPIC = "wrong_type_for_topic"
    AVRO_INVALID = "avro_invalid"
    TRAILING_BYTES = "trailing_bytes"
    AVRO_TOO_DEEP = "avro_too_deep"
    AVRO_TOO_MANY_ITEMS = "avro_too_many_items"
    MODEL_INVALID = "model_invalid"
    EQUIVOCATION = "equivocation"
    NOT_ACCEPTABLE = "not_acceptable"
    KEY_HELD = "key_held"


class WireError(CasebusError):
    """A record cannot be accepted.

    `authentic` tells whether its signature had been verified before it failed: an authentic record that fails parks
    its key too, a forged one is parked alone.
    """

    code = "CB9200"
    exit_code = 9

    def __init__(self, reason: ParkReason, what: str, *, authentic: bool = False) -> None:
        super().__init__(
            what,
            unchanged="the record was parked with its bytes untouched; nothing was done with it.",
            next_step=f"see docs/errors.md#{reason.value}; `casebus parked show` prints it.",
        )
        self.reason = reason
        self.authentic = authentic
