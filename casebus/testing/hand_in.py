"""`python -m casebus.testing.hand_in --data DIR`: hands the first two documents of the demo's story in, as the agencies'
own systems would: a CyberTip at NZ Police, a package at the NCA that names the same account. Synthetic, and the same ones
each time.
"""

import argparse
import os
from pathlib import Path

from casebus.layout import Layout
from casebus.testing import story

DOCUMENTS = ((story.POLICE, "cybertip-1.json", story.cybertip), (story.NCA, "package-1.json", story.package))


def hand_in(layout: Layout) -> list[Path]:
    """Put the documents into the spools: written aside, then renamed. Returns where they are. Raises `OSError`."""
    placed = []
    for agency, name, content in DOCUMENTS:
        place = layout.role(agency).spool / "in" / name
        aside = place.with_name(f".{name}.part")
        aside.write_bytes(content())
        placed.append(aside.rename(place))
    return placed


def main() -> None:
    """Hand them in, and say where they lie."""
    parser = argparse.ArgumentParser(description="Hand two synthetic documents in that name one account.")
    given = os.environ.get("CASEBUS_DATA")
    parser.add_argument("--data", type=Path, default=given, required=not given, help="made by `casebus init`")
    for place in hand_in(Layout(parser.parse_args().data)):
        print(place)


if __name__ == "__main__":
    main()
