"""Evidence that a log contradicted itself, in a form that convinces somebody who trusts neither witness nor log.

One JSON object. The notes in it are whole, with the log's signature: anybody who has the log's key can check them.
"""

import json

from casebus.ledger.submission import Submission


def evidence(origin: str, reason: str, *, held: bytes | None, submission: Submission, proven: bool) -> bytes:
    """Return an evidence file's content. The same contradiction gives the same bytes.

    `held` is the note that the witness cosigned last; `proven` tells that the two notes contradict each other by
    themselves (same size, other root), not only by a proof that could be merely broken.
    """
    found = {
        "origin": origin,
        "reason": reason,
        "proven": proven,
        "held": None if held is None else held.decode(),
        "presented": submission.note_bytes.decode(),
        "old": submission.old,
        "proof": [value.hex() for value in submission.proof],
    }
    return (json.dumps(found, sort_keys=True, indent=1) + "\n").encode("ascii")
