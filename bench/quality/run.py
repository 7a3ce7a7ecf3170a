"""How well `casebus match file` finds the records of one person, beside Splink 5 and the naive way.

python bench/quality/run.py [--quick] [--only SET ...] [--data tips_1.csv.gz] [--seed N] [--no-splink] [--no-page]   (`make bench-quality`)
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pages import machine

from quality import page
from quality.matchers import peer_version
from quality.peers import Result, measure_set
from quality.public_sets import TIPS
from quality.sets import QUICK, Entry, catalogue

ROOT = Path(__file__).resolve().parents[2]


def arguments() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help=f"these sets only: {', '.join(QUICK)}")
    parser.add_argument("--only", nargs="+", metavar="SET", default=[], help="these sets only")
    parser.add_argument("--data", type=Path, metavar="FILE", help="the development set of tips (tips_1.csv.gz)")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--no-splink", action="store_true", help="ours and the naive way only")
    parser.add_argument("--no-page", action="store_true", help="print only; docs/matching.md stays as it is")
    return parser.parse_args()


def chosen(options: argparse.Namespace) -> dict[str, Entry]:
    """Return the sets to be measured."""
    beside = (ROOT / TIPS).resolve()
    file = options.data or (beside if beside.exists() else None)
    if file is None:
        print("tips_1 is left out: --data FILE says where it is", file=sys.stderr)
    entries = catalogue(file)
    names = options.only or (QUICK if options.quick else list(entries))
    if unknown := sorted(set(names) - set(entries)):
        sys.exit(f"no such set: {', '.join(unknown)}; there are {', '.join(entries)}")
    return {name: entries[name] for name in names}


def measured(entry: Entry, options: argparse.Namespace) -> Result:
    """Make the set and run every matcher on it."""
    with tempfile.TemporaryDirectory(prefix="casebus-quality-") as directory:
        return measure_set(entry.make(options.seed), entry.splink, options.seed, Path(directory), not options.no_splink)


def main() -> int:
    """Measure, print, write; return 1 where a matcher failed."""
    options, before, began = arguments(), machine(), time.perf_counter()
    entries, results = chosen(options), []
    for entry in entries.values():
        results.append(measured(entry, options))
        print(page.section(results[-1], entry), end="\n\n", flush=True)
    print(page.compared(results), page.blind(results), sep="\n\n")
    print(f"\n{time.perf_counter() - began:.0f} s in all")
    if not options.no_page and not options.only and not options.quick and not options.no_splink:
        page.write(page.document(results, entries, options.seed, peer_version(), before))
    return int(any(result.failed for result in results))


if __name__ == "__main__":
    sys.exit(main())
