"""Opening what arrived sealed: a part of an agency's node, after its desk consumer.

The box was committed with its event's effects. It is opened here with the agency's own key, and what was in it is put where
the event left room for it. A crash in between leaves the box unopened, and the next start opens it. One that this key does
not open stays as it came, and the desk is told.
"""

from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from casebus.cases.conversation import MESSAGES, RELEASES, SEALED, Sealed
from casebus.cases.outgoing import NOTICES, Notice
from casebus.cases.referral import REFERRALS
from casebus.clock import Clock
from casebus.sealing import Belongs, Content, Unopenable, open_box
from casebus.state import Effect, Save
from casebus.store.store import Store, View
from casebus.wire.ids import content_id

BATCH = 200


class Opening:
    """Opens boxes one by one."""

    name = "opening"

    def __init__(self, agency: str, key: X25519PrivateKey, store: Store, clock: Clock) -> None:
        self._agency = agency
        self._key = key
        self._store = store
        self._clock = clock

    def step(self) -> int:
        """Open some boxes; return how many."""
        with self._store.view() as view:
            unopened = view.by(SEALED, "unopened", "yes", limit=BATCH)
        for sealed in unopened:
            with self._store.transaction() as tx:
                for effect in self._opened(sealed, tx):
                    tx.apply(effect)
        return len(unopened)

    def idle(self) -> bool:
        """Tell whether nothing is left to open."""
        with self._store.view() as view:
            return view.count(SEALED, "unopened", "yes") == 0

    def _opened(self, sealed: Sealed, view: View) -> list[Effect]:
        done: Effect = Save(SEALED, replace(sealed, opened=True))
        try:
            content = open_box(sealed.box, Belongs(sealed.type, sealed.item_id, self._agency), self._key)
        except Unopenable:
            text = f"a sealed {sealed.type} could not be opened with this agency's key: ask the sender again"
            notice = Notice(content_id("unopenable", sealed.key), "Unopenable", sealed.item_id, text, self._clock.now())
            return [done, Save(NOTICES, notice)]
        filled = _filled(sealed, content, view)
        return [done, filled] if filled else [done]


def _filled(sealed: Sealed, content: Content, view: View) -> Effect | None:
    """Return the entity with what was in its box."""
    match sealed.type:
        case "DeskMessage":
            message = view.get(MESSAGES, sealed.item_id)
            return Save(MESSAGES, replace(message, text=content.text)) if message else None
        case "DisclosureRequested":
            request = view.get(RELEASES, sealed.item_id)
            return Save(RELEASES, replace(request, reason=content.text)) if request else None
        case "DisclosureGranted":
            release = view.get(RELEASES, sealed.item_id)
            # Exactly what was announced: a value under a name that the officer did not name is not taken over.
            values = tuple(each for each in content.fields if release and each[0] in release.fields)
            return Save(RELEASES, replace(release, values=values)) if release else None
        case _:
            referral = view.get(REFERRALS, sealed.item_id)
            values = tuple(each for each in content.fields if referral and each[0] in referral.fields)
            return Save(REFERRALS, replace(referral, values=values, note=content.text or None)) if referral else None
