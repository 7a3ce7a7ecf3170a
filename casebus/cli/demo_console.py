"""`casebus demo --console`: the demo's network left running, a console for each agency, and one address to choose from."""

from collections.abc import Callable, Sequence
from typing import Protocol

from casebus.cli.console import serve
from casebus.cli.node import Stop
from casebus.cli.output import words
from casebus.console.chooser import Door, Scene, create_chooser
from casebus.console.serving import Application, Server, bound
from casebus.desks import officers_of
from casebus.installing import AGENCIES
from casebus.layout import Layout
from casebus.roles import Installation
from casebus.settings import ConsoleSettings, load
from casebus.testing import story

Put = Callable[[str, str, bytes], None]
"""Hands a document in at an agency, under a name."""


class Network(Protocol):
    """The four roles, running for as long as the block runs."""

    installation: Installation

    def __enter__(self) -> "Network": ...

    def __exit__(self, *_: object) -> None: ...

    def put(self, agency: str, name: str, content: bytes) -> None:
        """Hand a document in at an agency."""
        ...


def act_out(layout: Layout, port: int, start: Callable[[Layout], Network]) -> None:
    """Run the network with its consoles until told to stop. Raises `Conflict` where a port is taken, before anything runs."""
    for each in range(port, port + 1 + len(AGENCIES)):  # the front door, and a console for each agency
        bound(ConsoleSettings(port=each)).close()
    with_consoles(layout, port)
    words().print(f"its data: {layout.root}", markup=False, soft_wrap=True)
    try:
        with start(layout) as network:
            _serve_door(network.installation, port, network.put)
    finally:
        words().print(
            f"Everything is still there: `casebus run all --data {layout.root}` serves the three consoles again.",
            markup=False,
            soft_wrap=True,
        )


def with_consoles(layout: Layout, port: int) -> None:
    """Write into the settings that every agency serves a console, on the ports after the given one."""
    consoles = {
        agency.code: ConsoleSettings(port=port + place, training_login=True)
        for place, agency in enumerate(AGENCIES, start=1)
    }
    changed = load(layout.settings, {}).model_copy(update={"console": consoles})
    layout.settings.write_text(changed.to_toml(), encoding="utf-8")


def _serve_door(installation: Installation, port: int, put: Put) -> None:
    """Serve the front door until told to stop."""
    stop = Stop()
    server = Server(
        lambda: Application(create_chooser(doors_of(installation), scenes_of(put))), ConsoleSettings(port=port)
    )
    words().print(f"open http://127.0.0.1:{port}  (Ctrl-C ends it)", markup=False, soft_wrap=True)
    serve(server, stop, installation.clock)


def doors_of(installation: Installation) -> list[Door]:
    """Return the consoles that there are to choose from."""
    return [
        Door(
            installation.directory.agency(code).name,
            settings.address,
            [officer.id for officer in officers_of(installation, code).listed],
        )
        for code, settings in load(installation.layout.settings, {}).console.items()
    ]


def scenes_of(put: Put) -> Sequence[Scene]:
    """Return the demo's story, scene by scene."""

    def hand_in(*documents: tuple[str, str, bytes]) -> Callable[[], None]:
        def begin() -> None:
            for document in documents:
                put(*document)

        return begin

    tip = Scene(
        "A CyberTip reaches OCEANZ",
        "Nobody else is told. The Outcomes page of New Zealand Police counts one tip.",
        hand_in((story.POLICE, "cybertip-1.json", story.cybertip())),
    )
    child = Scene(
        "A CyberTip about material that a child posted",
        "The account's holder may be the child. A welfare visit is requested at once, and nothing holds it up.",
        hand_in(
            (story.POLICE, "cybertip-2.json", story.child_cybertip()),
            (story.POLICE, "welfare-1.csv", story.welfare_request()),
        ),
    )
    return [
        Scene(
            "Internal Affairs joins with its open cases",
            "Its Outcomes page counts 220 open investigations. No alarm is raised: it is a backlog.",
            hand_in((story.AFFAIRS, "case-register.csv", story.register())),
        ),
        tip,
        Scene(
            "The National Crime Agency's package names the same account",
            "Both boards show an alert at once. Acknowledge it at one, and watch the other; then propose an outcome at both.",
            hand_in((story.NCA, "package-1.json", story.package())),
            after=tip,
        ),
        child,
        Scene(
            "The visit is completed",
            "One child is safeguarded: the Outcomes page of New Zealand Police says how long it took.",
            hand_in((story.POLICE, "welfare-2.csv", story.welfare_outcome())),
            after=child,
        ),
        Scene(
            "The same report reaches OCEANZ and Internal Affairs",
            "Both get a notice, not a conflict: it is one report, so it corroborates nothing.",
            hand_in(
                (story.POLICE, "cybertip-3.json", story.shared_cybertip()),
                (story.AFFAIRS, "referral-1.json", story.shared_referral()),
            ),
        ),
        Scene(
            "A broken document",
            "It holds up nothing. The Feeds page of New Zealand Police counts it as refused: log in there as the operator, OCEANZ-OPS.",
            hand_in((story.POLICE, "broken.json", story.broken_document())),
        ),
    ]
