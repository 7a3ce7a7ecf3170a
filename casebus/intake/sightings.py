"""From an agency's identifiers to what is published of them: keyed ids, tokens under each key, as many as an event carries."""

from collections.abc import Sequence
from dataclasses import dataclass

from casebus.events.types import MAX_SIGHTINGS, Sighting, Token
from casebus.intake.adapter import Identifier, RecordKey
from casebus.intake.content import canonical, carried
from casebus.intake.services import slug
from casebus.matching.tokens import Tokenised, Tokeniser
from casebus.wire.ids import derived_id


@dataclass(frozen=True, slots=True)
class Seen:
    """What an event carries of identifiers, how many it does not, and what is of no use (`Drafted`).

    `epochs` are those of the keys under which all of it is stated. `is_under_older_only`: there are two, and no event has
    room for the tokens of both; the older is the one that every partner has.
    """

    carried: tuple[Sighting, ...] = ()
    not_carried: int = 0
    unused: tuple[str, ...] = ()
    epochs: tuple[int, ...] = ()
    is_under_older_only: bool = False


NOTHING_SEEN = Seen()


class Sightings:
    """Makes one agency's sightings. `region` is where phone numbers without a country are read."""

    def __init__(self, region: str, id_key: bytes, tokeniser: Tokeniser) -> None:
        self._region = region
        self._id_key = id_key
        self._tokeniser = tokeniser

    @property
    def epochs(self) -> tuple[int, ...]:
        """The epochs of the token keys, the oldest first."""
        return self._tokeniser.epochs

    def tokens(self, identifier: Identifier) -> Tokenised:
        """Return the tokens of one identifier, or why it has none."""
        return self._tokeniser.tokens(identifier, self._region)

    def report(self, report: RecordKey) -> tuple[Token, ...]:
        """Return the tokens of an upstream report's number."""
        return self._tokeniser.report(report.system, report.number)

    def seen(self, key: RecordKey, identifiers: Sequence[Identifier], impossible: Sequence[str] = ()) -> Seen:
        """Return one sighting per distinct identifier, in the order given, as many as an event carries."""
        distinct = list(dict.fromkeys(identifiers))
        # Cut before anything is tokenised: a document of a hundred thousand costs no more than one of five hundred.
        first = distinct[:MAX_SIGHTINGS]
        tokenised = [self.tokens(identifier) for identifier in first]
        sightings = [self._sighting(key, one, each.tokens) for one, each in zip(first, tokenised, strict=True)]
        kept, epochs = self._that_fit(sightings)
        useless = (f"{s.kind.value} ({each.dropped})" for s, each in zip(kept, tokenised, strict=False) if each.dropped)
        not_carried = len(distinct) - len(kept)
        return Seen(kept, not_carried, (*impossible, *useless), epochs, is_under_older_only=epochs != self.epochs)

    def _that_fit(self, sightings: Sequence[Sighting]) -> tuple[tuple[Sighting, ...], tuple[int, ...]]:
        """Return the sightings that an event has room for, and under which keys: two keys must not cost a record any."""
        kept = tuple(carried(sightings))
        if len(kept) == len(sightings) or len(self.epochs) == 1:
            return kept, self.epochs
        oldest = self.epochs[0]
        older = tuple(carried([_under(sighting, oldest) for sighting in sightings]))
        return older, (oldest,)

    def sighting_id(self, key: RecordKey, identifier: Identifier) -> str:
        """Return the opaque id of one identifier of a record."""
        return derived_id(self._id_key, "sighting", key.system, key.number, canonical(identifier))

    def _sighting(self, key: RecordKey, identifier: Identifier, tokens: tuple[Token, ...]) -> Sighting:
        return Sighting(
            sighting_id=self.sighting_id(key, identifier),
            subject_no=identifier.subject_no,
            kind=identifier.kind,
            tokens=tokens,
            service=None if identifier.service is None else slug(identifier.service),
            subject=identifier.subject,
            certainty=identifier.certainty,
            verified=identifier.verified,
            seen_at=identifier.seen_at,
        )


def _under(sighting: Sighting, epoch: int) -> Sighting:
    tokens = tuple(token for token in sighting.tokens if token.epoch == epoch)
    return sighting.model_copy(update={"tokens": tokens})
