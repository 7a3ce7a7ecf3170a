"""Running commands of the program, each in a process of its own that has already begun.

For who gives many commands one after another: a new process would load the program each time, which takes longer than most
commands run. A server without keys or connections loads it once and forks for each command (`multiprocessing`, "forkserver").
"""

import io
import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout

LOADED = (
    "casebus.cli.main",
    "casebus.cli.alerts",
    "casebus.cli.deconflict",
    "casebus.cli.parked",
    "casebus.cli.ledger",
)


def commands() -> ProcessPoolExecutor:
    """Return where commands are run: each in a process that runs no other. Who asked for it closes it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    return ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1)


def told(arguments: Sequence[str]) -> tuple[int, str]:
    """Run one command here; return its exit code and what it put on stdout. Its stderr is this process's."""
    from casebus.cli.main import main  # here: the program itself may be who asks

    sys.argv = ["casebus", *arguments]
    out = io.StringIO()
    try:
        with redirect_stdout(out):
            main()
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
