"""docs/performance.md: one section a subject, between markers, written by the benchmark that measured it."""

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
HEAD = """# Performance

Written by `make bench`. Each section is one run on one machine, which it names. Compare ratios, not rates: the same
machine moves by a factor of two with what else it does. The programs of one comparison ran in turn, several times over.
"""


def machine() -> str:
    """Return what the figures were measured on, and by which command."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        named = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    day = datetime.now(UTC).date().isoformat()
    system = f"{platform.system()} {platform.release()}, {platform.python_implementation()} {platform.python_version()}"
    command = " ".join([f"python {Path(sys.argv[0]).resolve().relative_to(PAGE.parent.parent)}", *sys.argv[1:]])
    return f"`{command}` on {model}, {os.cpu_count()} processors; {system}; load before: {load}; {day}"


def write_section(subject: str, text: str) -> None:
    """Put a section in place of the subject's older one, or at the end."""
    begin, end = f"<!-- {subject}: begin -->", f"<!-- {subject}: end -->"
    page = PAGE.read_text() if PAGE.exists() else HEAD
    section = f"{begin}\n{text.strip()}\n{end}"
    before, found, rest = page.partition(begin)
    page = before + section + rest.partition(end)[2] if found else f"{page.rstrip()}\n\n{section}\n"
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
