"""The agency's part: follows the ledger, cosigns what it has followed, and compares what others were shown.

A note is cosigned only when its whole tree was followed, every leaf of the agency's own topics is what stands on the
bus, and it extends what was cosigned before. An answer goes to the agency's topic before the position moves: a crash
between them leaves an answer and the submission to be read again, which is answered with 409 and heals.
"""

from collections.abc import Sequence

import structlog

from casebus.bus.consume import Loop
from casebus.bus.log import Log, Recorded, events_topic, inbox_topic
from casebus.bus.topic_identity import TopicIdentity
from casebus.clock import Clock
from casebus.errors import VerificationFailed
from casebus.ledger.checkpoint import parse_checkpoint
from casebus.ledger.submission import parse_submission
from casebus.ledger.vkey import VerifierKey
from casebus.ledger.witness import Witness
from casebus.ledger.witness_rules import Answer, Presented, present, say, say_size
from casebus.store.store import Store, Transaction
from casebus.witnessing.evidence import witness_evidence
from casebus.witnessing.following import Contradiction, Follower, Seen
from casebus.witnessing.lagging import Lagging
from casebus.witnessing.own_records import OwnRecords
from casebus.witnessing.topics import (
    LEDGER_TOPIC,
    Answered,
    Asked,
    Entries,
    answer_record,
    parse_answer_record,
    parse_ledger_record,
    witness_topic,
)

WITNESS = "witness"
"""The component's name, and the consumer's."""

COSIGNED = 200
NOT_FOLLOWED = 503


def topics_followed(agencies: Sequence[str], code: str) -> list[str]:
    """Return what an agency's witness reads: the ledger's topic, and what the other witnesses answered."""
    return [LEDGER_TOPIC, *(witness_topic(agency) for agency in agencies if agency != code)]


class Answering:
    """One agency's witness on the bus. A part of its node."""

    def __init__(
        self,
        code: str,
        agencies: Sequence[str],
        key: VerifierKey,
        witness: Witness,
        log: Log,
        store: Store,
        clock: Clock,
    ) -> None:
        self._code = code
        self._key = key
        self._witness = witness
        self._bus = log
        self._store = store
        self._own = OwnRecords([events_topic(code), inbox_topic(code)], log, clock)
        self._follower = Follower(key, self._own, log)
        self._lagging = Lagging(log, clock)
        self._log = structlog.get_logger()
        topics = topics_followed(agencies, code)
        self._loop: Loop[Transaction] = Loop(
            WITNESS, topics, log, store, self._take, TopicIdentity(WITNESS, log, store)
        )

    def step(self) -> int:
        """Take one batch of each topic, then see whether anything is owed. Raises `BusError`, `StoreError`."""
        done = self._loop.step()
        if self._lagging.is_due():
            with self._store.view() as view:
                self._lagging.look(self._follower.followed(view), self._own.names(), view)
        return done

    def idle(self) -> bool:
        """Tell whether everything was read."""
        return self._loop.idle()

    def _take(self, recorded: Recorded, tx: Transaction) -> None:
        if recorded.topic != LEDGER_TOPIC:
            self._overhear(recorded, tx)
            return
        match parse_ledger_record(self._key.name, recorded.record):
            case Entries() as entries:
                for contradiction in self._follower.grow(entries, recorded, tx):
                    self._stop(contradiction)
            case Asked() as asked:
                self._asked(asked, recorded, tx)
            case None:
                self._ignore(recorded)

    def _overhear(self, recorded: Recorded, tx: Transaction) -> None:
        """Compare what another witness cosigned. Whatever else stands on its topic is its own affair."""
        answered = parse_answer_record(self._key.name, recorded.record)
        if answered is None:
            self._ignore(recorded)
        elif answered.status == COSIGNED:
            self._compare(answered.value, recorded, tx)

    def _asked(self, asked: Asked, recorded: Recorded, tx: Transaction) -> None:
        if asked.witness == self._code:
            answered = self._answer(asked.body, recorded, tx)
            self._bus.append(witness_topic(self._code), [answer_record(self._key.name, answered)])
            return
        try:
            note = parse_submission(asked.body).note_bytes
        except VerificationFailed:
            self._ignore(recorded)
        else:
            self._compare(note, recorded, tx)

    def _answer(self, body: bytes, recorded: Recorded, tx: Transaction) -> Answered:
        presented = present(body, {self._key.name: [self._key]})
        if isinstance(presented, Answer):
            return Answered(presented.status, presented.body)
        contradicts = self._compare(presented.note.format(), recorded, tx)
        stopped = contradicts or self._witness.stopped(self._key.name) is not None
        if not stopped and not self._follower.can_follow(presented.checkpoint, tx):
            answer = self._not_followed(presented, recorded)
        else:
            answer = self._witness.add_checkpoint(body)
        if answer.status != COSIGNED:
            return Answered(answer.status, answer.body)
        note = self._witness.latest(self._key.name)
        assert note is not None, "bug: what was just cosigned is not held"
        return Answered(COSIGNED, note.format())

    def _not_followed(self, presented: Presented, recorded: Recorded) -> Answer:
        """Say that the published leaves are not this checkpoint's; and first, that it is behind, if it is.

        A log that was put back from an older copy, with its bus, learns from 409 that there was more.
        """
        reason = "the leaves that the log signed are not, or not all, on its topic: not cosigned"
        self._log.error("ledger_not_followed", topic=recorded.topic, position=recorded.position, reason=reason)
        held = self._witness.latest(self._key.name)
        size = 0 if held is None else parse_checkpoint(held.text).size
        if size > presented.submission.old:
            self._log.error("ledger_behind", topic=recorded.topic, position=recorded.position, size=size)
            return say_size(size)
        return say(NOT_FOLLOWED, "the leaves of this checkpoint have not been published.")

    def _compare(self, note: bytes, recorded: Recorded, tx: Transaction) -> bool:
        """Compare a note with what was followed; on a contradiction stop, and tell so."""
        contradiction = self._follower.compare(Seen(note, recorded.topic, recorded.position), tx)
        if contradiction is not None:
            self._stop(contradiction)
        return contradiction is not None

    def _stop(self, contradiction: Contradiction) -> None:
        """Stop cosigning for good; the first contradiction is enough. The rest of the node goes on."""
        origin = self._key.name
        if self._witness.stopped(origin) is None:
            content = witness_evidence(self._code, contradiction, self._witness.latest(origin))
            self._witness.stop(origin, contradiction.reason, content)

    def _ignore(self, recorded: Recorded) -> None:
        reason = "not a record of this topic and this ledger"
        self._log.warning("record_ignored", topic=recorded.topic, position=recorded.position, reason=reason)
