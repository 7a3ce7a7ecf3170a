"""Opening what arrived sealed: a part of an agency's node, after its desk consumer.

The box was committed with its event's effects. Whose it is is checked here (`casebus.cases.authorship`), not at the hub; then it
is opened with the agency's own key of the id that it names, and what was in it is put where the event left room for it. A
crash in between leaves the box unopened, and the next start opens it.

One that is not its sender's, or that no key here opens, stays as it came, and the desk is told why. Every start looks at
those once more: with the key that was missing here, or with a directory that has caught up with the sender's new one, they
are opened.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from casebus.cases.alert import ALERTS
from casebus.cases.alert_feed import beside
from casebus.cases.authorship import WithBox, belongs_of, doubt_of
from casebus.cases.conversation import MESSAGES, RELEASES, SEALED, ReleaseState, Sealed
from casebus.cases.outgoing import NOTICES, Notice
from casebus.cases.referral import REFERRALS
from casebus.clock import Clock
from casebus.directory import Directory
from casebus.events.catalogue import CATALOGUE
from casebus.sealing import Content, Unopenable, open_box
from casebus.state import Concept, Effect, Remove, Save
from casebus.store.store import Store, View
from casebus.wire.ids import content_id

BATCH = 200
_CONCEPTS: Mapping[str, Concept[Any]] = {
    "DeskMessage": MESSAGES,
    "DisclosureRequested": RELEASES,
    "DisclosureGranted": RELEASES,
    "ReferralSent": REFERRALS,
}
_ASK_USUALLY = "ask the sender by telephone."
_ASK = {"ReferralSent": "ring the sender now: nothing that the referral says is certain, its urgency neither."}


class Opening:
    """Opens boxes one by one. `keys` are the agency's own, by their ids."""

    name = "opening"

    def __init__(
        self, agency: str, keys: Mapping[str, X25519PrivateKey], store: Store, clock: Clock, directory: Directory
    ) -> None:
        self._agency = agency
        self._keys = dict(keys)
        self._store = store
        self._clock = clock
        self._directory = directory
        self._looked_back = False

    def step(self) -> int:
        """Open some boxes; return how many were looked at."""
        with self._store.view() as view:
            unopened = view.by(SEALED, "refused", "no", limit=BATCH)
            if not self._looked_back:
                unopened += view.by(SEALED, "refused", "yes")
        for sealed in unopened:
            with self._store.transaction() as tx:
                for effect in self._opened(sealed, tx):
                    tx.apply(effect)
        self._looked_back = True
        return len(unopened)

    def idle(self) -> bool:
        """Tell whether nothing is left to open."""
        with self._store.view() as view:
            return view.count(SEALED, "refused", "no") == 0

    def _opened(self, sealed: Sealed, view: View) -> list[Effect]:
        payload = _payload(sealed)
        conflict_id, box = payload.conflict_id, payload.sealed
        alert = view.get(ALERTS, conflict_id) if conflict_id else None
        doubt = doubt_of(payload, self._agency, alert, self._directory, sealed.at)
        if doubt is not None:
            return self._refused(sealed, doubt, view)
        key = self._keys.get(box.key_id)
        if key is None:
            return self._refused(sealed, _no_key(self._agency, box.key_id), view)
        try:
            content = open_box(box, belongs_of(payload, self._agency), key)
        except Unopenable:
            return self._refused(sealed, "it was made for something else, or damaged before it was signed", view)
        done: Effect = Remove(SEALED, sealed.key)
        filled = _filled(sealed, content, view, self._clock.now())
        return [done, filled] if filled else [done]

    def _refused(self, sealed: Sealed, why: str, view: View) -> list[Effect]:
        if sealed.refused == why:
            return []  # looked at once more, and told before
        text = f"a sealed {sealed.type} was not opened: {why}. It is kept as it came; {_ASK.get(sealed.type, _ASK_USUALLY)}"
        notice = Notice(content_id("unopenable", sealed.key), "Unopenable", sealed.item_id, text, self._clock.now())
        shown = beside(view, sealed.item_id, why)
        return [Save(SEALED, replace(sealed, refused=why)), Save(NOTICES, notice), *_marked(sealed, why, view), *shown]


def _no_key(agency: str, key_id: str) -> str:
    named = (
        key_id if key_id.startswith(f"{agency}-") and len(key_id) <= len(agency) + 17 else "that this agency never had"
    )
    return f"it is sealed to a key that is not at this node ({named}); with that key restored the next start opens it"


def _payload(sealed: Sealed) -> WithBox:
    payload = CATALOGUE[sealed.type].model.model_validate_json(sealed.body)
    assert isinstance(payload, WithBox), "bug: only what can hold a box is kept to be opened"
    return payload


def _marked(sealed: Sealed, why: str, view: View) -> Iterator[Effect]:
    """Yield the entity with the reason why its box was not opened."""
    concept = _CONCEPTS[sealed.type]
    entity = view.get(concept, sealed.item_id)
    if entity is not None:
        yield Save(concept, replace(entity, unopened=why))


def _filled(sealed: Sealed, content: Content, view: View, now: datetime) -> Effect | None:
    """Return the entity with what was in its box, as far as it may be kept."""
    match sealed.type:
        case "DeskMessage":
            message = view.get(MESSAGES, sealed.item_id)
            return Save(MESSAGES, replace(message, text=content.text, unopened=None, read=False)) if message else None
        case "DisclosureRequested":
            request = view.get(RELEASES, sealed.item_id)
            return Save(RELEASES, replace(request, reason=content.text, unopened=None)) if request else None
        case "DisclosureGranted":
            release = view.get(RELEASES, sealed.item_id)
            # Exactly what was announced: a value under a name that the officer did not name is not taken over.
            if release is None or release.state is not ReleaseState.granted:
                return None  # its time was over before it could be opened
            values = tuple(each for each in content.fields if each[0] in release.fields)
            return Save(RELEASES, replace(release, values=values, unopened=None))
        case _:
            referral = view.get(REFERRALS, sealed.item_id)
            if referral is None:
                return None
            values = tuple(each for each in content.fields if each[0] in referral.fields)
            opened = replace(referral, values=values, note=content.text or None, unopened=None)
            return Save(REFERRALS, opened.as_of(now))
