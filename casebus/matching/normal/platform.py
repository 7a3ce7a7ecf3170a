"""A platform's name as a key: `Snap, Inc.`, `snapchat.com` and `Snapchat` are one. It goes into tokens, never into an event."""

import re

from casebus.matching.normal.text import DropReason, clean, fold, stands_for_nothing

MAX_LENGTH = 200

_FORM = re.compile(r"[\s,]+(?:inc|llc|ltd|limited|corp|corporation|company|co|plc|gmbh|b\.?v|pte|s\.?a|ab|oy)\.?$")
_HOST = re.compile(r"^(?:https?://)?(?:www\.)?([a-z0-9-]+)\.(?:com|net|org|io|gg|me|tv|app|co\.uk|co\.nz)/?$")
_WORDS = re.compile(r"[\W_]+")

# What companies call themselves in reports. One line per platform; a name that is not here is its own key.
_SAME = {
    "twitter": "x",
    "xcorp": "x",
    "xtwitter": "x",
    "twitterx": "x",
    "xformerlytwitter": "x",
    "snap": "snapchat",
    "fb": "facebook",
    "facebookmessenger": "facebook",
    "ig": "instagram",
    "insta": "instagram",
    "kikmessenger": "kik",
    "kikinteractive": "kik",
    "telegrammessenger": "telegram",
    "whatsappmessenger": "whatsapp",
    "tiktokus": "tiktok",
    "bytedance": "tiktok",
    "discordapp": "discord",
    "robloxcorporation": "roblox",
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
    return _SAME.get(key, key)
