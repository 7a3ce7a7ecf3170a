"""A platform's name as a key: `Snap, Inc.`, `snapchat.com` and `Snapchat` are one key.

It goes into tokens, never into an event. The list of names that are one platform is `casebus.intake.services`; a line that
is added there makes tokens of the platform's old and new names meet from then on.
"""

import re

from casebus.intake.services import OTHER, slug
from casebus.matching.normal.text import DropReason, clean, fold, stands_for_nothing

MAX_LENGTH = 200

_FORM = re.compile(r"[\s,]+(?:inc|llc|ltd|limited|corp|corporation|company|co|plc|gmbh|b\.?v|pte|s\.?a|ab|oy)\.?$")
_HOST = re.compile(r"^(?:https?://)?(?:www\.)?([a-z0-9-]+)\.(?:com|net|org|io|gg|me|tv|app|co\.uk|co\.nz)/?$")
_WORDS = re.compile(r"[\W_]+")

# Names that the shared list has no line for. A name that neither list has is its own key.
_ALSO = {
    "xformerlytwitter": "x",
    "insta": "instagram",
    "kikinteractive": "kik",
    "discordapp": "discord",
    "whatsappmessenger": "whatsapp",
}


def platform(text: str | None) -> str | DropReason:
    """Return the key of a platform."""
    cleaned = clean(text or "", MAX_LENGTH)
    if isinstance(cleaned, DropReason):
        return DropReason.NO_SERVICE if cleaned is DropReason.EMPTY else cleaned
    name = fold(cleaned)
    host = _HOST.match(name)
    name = host[1] if host else _FORM.sub("", _FORM.sub("", name))
    key = _WORDS.sub("", name)
    if key != "x" and stands_for_nothing(key):
        return DropReason.NO_SERVICE
    known = slug(_ALSO.get(key, key))
    return key if known == OTHER else known
