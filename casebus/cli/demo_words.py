"""How the demo speaks: its account on stdout, a scene's beginning on stderr too."""

from casebus.cli.output import page, words


def title(text: str) -> None:
    """Begin a scene."""
    page().print(f"\n{text}", style="bold", markup=False)
    words().print(f"... {text}", markup=False)


def say(text: str) -> None:
    """Tell one thing that happened."""
    page().print(f"  {text}", markup=False, soft_wrap=True)
