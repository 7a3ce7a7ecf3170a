"""Platforms that an event may name, as slugs from this list and nothing else: free text never reaches an event."""

import re

OTHER = "other"
MAX_NAME = 80

SERVICES: dict[str, tuple[str, ...]] = {
    "examplechat": (),
    "examplegram": (),
    "amazon_photos": ("amazonphotos", "amazon"),
    "bigo_live": ("bigolive", "bigo"),
    "bluesky": ("bsky", "blueskysocial"),
    "cash_app": ("cashapp", "block"),
    "chatgpt": ("openai",),
    "discord": ("discordinc",),
    "dropbox": (),
    "facebook": ("fb", "metafacebook"),
    "facebook_messenger": ("messenger", "facebookmessenger"),
    "flickr": (),
    "google": ("googlellc", "gmail", "googledrive", "googlephotos"),
    "grindr": (),
    "icloud": ("apple", "appleicloud"),
    "imgur": (),
    "instagram": ("ig", "instagraminc"),
    "kik": ("kikmessenger", "medialabkik"),
    "linkedin": (),
    "mastodon": (),
    "mediafire": (),
    "meetme": ("themeetgroup",),
    "mega": ("megalimited", "meganz"),
    "microsoft": ("onedrive", "bing", "outlook", "microsoftonlineoperations"),
    "minecraft": (),
    "omegle": (),
    "pinterest": (),
    "playstation": ("psn", "playstationnetwork", "sonyinteractiveentertainment"),
    "reddit": (),
    "roblox": ("robloxcorporation",),
    "session": (),
    "signal": ("signalmessenger",),
    "skype": (),
    "snapchat": ("snap", "snapinc"),
    "steam": ("valve",),
    "telegram": ("telegrammessenger",),
    "threads": (),
    "tiktok": ("tiktokinc", "bytedance"),
    "tinder": (),
    "tumblr": (),
    "twitch": ("twitchinteractive",),
    "viber": (),
    "vk": ("vkontakte",),
    "wechat": ("weixin",),
    "whatsapp": (),
    "wickr": (),
    "x": ("twitter", "xcorp", "xtwitter", "twitterx"),
    "xbox": ("xboxlive",),
    "yahoo": ("yahooinc",),
    "youtube": (),
}

_KNOWN = {name: service for service, names in SERVICES.items() for name in (service.replace("_", ""), *names)}
_COMPANY = re.compile(r"[,\s]+(?:inc|llc|ltd|limited|corp|corporation|co|plc|gmbh|bv|pte|platforms)\.?$")
_NOT_A_LETTER = re.compile(r"[^a-z0-9]+")


def slug(service: str) -> str:
    """Return the platform's slug, `OTHER` for one that is not on the list. A company's suffix does not matter."""
    name = service[:MAX_NAME].strip().lower()
    whole = _NOT_A_LETTER.sub("", name)
    while whole not in _KNOWN and (shorter := _COMPANY.sub("", name)) != name:
        name, whole = shorter, _NOT_A_LETTER.sub("", shorter)
    return _KNOWN.get(whole, OTHER)
