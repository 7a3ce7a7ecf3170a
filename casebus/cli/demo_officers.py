"""The demo's scenes about what an officer can do: look at what is weak, hear of a mistake, ask before acting."""

from typing import Any, Protocol

from casebus.cli.demo_words import say, title
from casebus.layout import Layout
from casebus.testing import story

ACTING = ("--agency", story.NCA, "--officer", "NCA-204")


class Network(Protocol):
    """What these scenes need of the demo's network."""

    @property
    def layout(self) -> Layout:
        """Where everything lies."""
        ...

    def put(self, agency: str, name: str, content: bytes) -> None:
        """Hand a document to an agency's node."""
        ...

    def settle(self) -> None:
        """Wait until nothing waits anywhere."""
        ...

    def command(self, *arguments: str) -> Any:
        """Run a command as a process of its own and return its JSON."""
        ...


def tell(network: Network) -> None:
    """Tell the scenes, in order."""
    _weak_and_common(network)
    _a_mistake(network)
    _before_acting(network)


def _weak_and_common(network: Network) -> None:
    title("What is weak, and what is common")
    network.put(story.AFFAIRS, "referrals-crowd.csv", story.crowd_referrals())
    network.put(story.POLICE, "cybertip-4.json", story.near_cybertip())
    network.put(story.NCA, "package-2.json", story.near_package())
    network.put(story.POLICE, "cybertip-5.json", story.common_cybertip())
    network.put(story.NCA, "package-3.json", story.common_package())
    network.settle()
    alerts = network.command("alerts", "list", "--review", "--agency", story.NCA)["alerts"]
    near, common = (_about(alerts, number) for number in (story.NEAR_PACKAGE, story.COMMON_PACKAGE))
    say(f"One name and one year of birth at two agencies: {near['ref']} goes to {near['band']}, and alarms nobody.")
    say(
        f"One e-mail, and one address that {story.CROWD} other reports have too: {common['ref']} is an {common['band']}"
    )
    say(f"  by the e-mail; too common to count, and said so: {_kinds(common['suppressed'])}.")


def _a_mistake(network: Network) -> None:
    title("A mistyped e-mail")
    # Told again, the first document would be news once more: content that returns is a new revision.
    if not (network.layout.role(story.NCA).spool / "done" / "package-5.json").exists():
        network.put(story.POLICE, "cybertip-6.json", story.mistaken_cybertip())
        network.put(story.NCA, "package-4.json", story.mistyped_package())
        network.settle()
        alerts = network.command("alerts", "list", "--agency", story.POLICE)["alerts"]
        ref = _about(alerts, story.MISTAKEN_NUMBER)["ref"]
        network.command("alerts", "ack", ref, "--agency", story.POLICE, "--officer", "OCEANZ-17")
        network.put(story.NCA, "package-5.json", story.corrected_package())
        network.settle()
    alerts = network.command("alerts", "list", "--agency", story.POLICE)["alerts"]
    ref = _about(alerts, story.MISTAKEN_NUMBER)["ref"]
    shown = network.command("alerts", "show", ref, "--agency", story.POLICE)
    say(f"{story.NCA} typed an e-mail wrong, and {story.POLICE} acted on the alert. It is corrected: {shown['state']}.")
    say(f"  {story.POLICE} reads in {ref}: {shown['mistaken']}.")


def _before_acting(network: Network) -> None:
    title("Before acting")
    asked = network.command("deconflict", "list", "--agency", story.NCA)["checks"]
    if not asked:
        about = ("--email", story.NOBODYS_EMAIL, "--basis", "PLANNED_ACTION", "--wait", "60")
        asked = [network.command("deconflict", "check", *ACTING, *about)]
        network.settle()
    answer = asked[0]["answer"]
    outcome = answer["outcome"].replace("_", " ")
    say(f"{story.NCA} asks before it acts, {asked[0]['ref']}: {outcome} at {answer['nothing_found_at']},")
    say(f"  covered: {', '.join(answer['covered'])}. It is on record, and stays on watch.")


def _about(alerts: list[dict[str, Any]], number: str) -> dict[str, Any]:
    return next(alert for alert in alerts if alert["own"]["ref"] == number)


def _kinds(kinds: list[str]) -> str:
    return ", ".join(kind.lower().replace("_", " ") for kind in kinds)
