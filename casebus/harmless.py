"""Text that others typed, where it is shown: it is read, never obeyed.

No cursor of a terminal is moved, no line is turned round on a page (CVE-2021-42574), nothing hides between two letters.
"""

import unicodedata

_OF_TEXT = "\n\t\u200c\u200d"
"""Control and format characters that words are written with: the joiners belong to Persian, Hindi and others."""


def harmless(text: str) -> str:
    """Return text whose control and format characters (ESC, bidirectional overrides) are written out; lines stay lines."""
    return text if text.isprintable() else "".join(map(_written_out, text))


def _written_out(char: str) -> str:
    steers = char not in _OF_TEXT and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    return char.encode("unicode_escape").decode() if steers else char
