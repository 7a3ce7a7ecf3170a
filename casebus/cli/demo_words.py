"""How the demo speaks: its account on stdout, a scene's beginning on stderr too where that goes elsewhere."""

import os
import sys

from casebus.cli.output import page, words


def title(text: str) -> None:
    """Begin a scene."""
    page().print(f"\n{text}", style="bold", markup=False)
    if not _one_reader():
        words().print(f"... {text}", markup=False)


def _one_reader() -> bool:
    """Tell whether stdout and stderr are one terminal, pipe or file: who reads it has the account itself for progress."""
    out, err = (os.fstat(stream.fileno()) for stream in (sys.stdout, sys.stderr))
    return os.path.samestat(out, err)


def say(text: str) -> None:
    """Tell one thing that happened."""
    page().print(f"  {text}", markup=False, soft_wrap=True)
