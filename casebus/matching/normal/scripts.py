"""Letters and digits of other scripts where they stand for Latin ones."""

import unicodedata

# Cyrillic and Greek letters that are drawn as a Latin capital, in lower case. Plates use no others where both scripts
# meet, so that they can be read abroad.
_TWINS = str.maketrans("авекмнорстухіјѕαβεζηικμνορτυχ", "abekmhopctyxijsabezhikmnoptyx")


def drawn_in_latin(folded: str) -> str:
    """Return a folded text with the Cyrillic and Greek letters that are drawn as a Latin capital as that letter."""
    return folded.translate(_TWINS)


def is_mixed(folded: str) -> bool:
    """Tell whether a folded word has Latin letters and such as are drawn like them: an evasion, or a reader's slip."""
    return any("a" <= char <= "z" for char in folded) and any(ord(char) in _TWINS for char in folded)


def without_symbols(text: str) -> str:
    """Return the text with a space for each emoji and other symbol: romanised, they would be words (`:grinning:`)."""
    if text.isascii():
        return text
    return "".join(" " if unicodedata.category(char).startswith("S") else char for char in text)


def digits_in_ascii(text: str) -> str:
    """Return the text with the decimal digits of every script as 0 to 9."""
    if text.isascii():
        return text
    return "".join(_digit(char) for char in text)


def _digit(char: str) -> str:
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)
